"""Members for administrators: through the engine's book where one runs, else in the database."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sqlalchemy import Engine as Database

from callcenter.engine import Engine
from callcenter.kernel.actor import sees
from callcenter.kernel.errors import NotFound, Refused
from callcenter.members import (
    BadLine,
    Card,
    Member,
    hash_pin,
    load_members,
    read_cards,
    save_member,
)
from callcenter.members.model import require_number


class EngineMembers:
    """See :class:`callcenter.web.members.Members`."""

    def __init__(self, engine: Engine) -> None:
        self._book = engine.members
        self._snapshot = engine.snapshot

    async def everybody(self, tenant: str) -> list[Member]:
        """Out of memory."""
        return [member for member in self._book.everybody(tenant) if sees(member.tenant)]

    async def add(self, member: Member, pin: str) -> Member:
        """New, or new terms."""
        if member.tenant not in self._snapshot.now.numbers.tenants:
            raise NotFound(f"There is no tenant {member.tenant!r}.")
        before = self._find(member.tenant)(require_number(member.number))
        return self._book.keep(await asyncio.to_thread(_terms, member, before, pin))

    async def set_locked(self, tenant: str, number: str, locked: bool) -> Member:
        """Lock or unlock."""
        change = self._book.lock if locked else self._book.unlock
        return change(tenant, number)

    async def take_in(self, tenant: str, text: str) -> tuple[int, list[BadLine]]:
        """Read and hash beside the calls, then take over all of it."""
        if tenant not in self._snapshot.now.numbers.tenants:
            raise NotFound(f"There is no tenant {tenant!r}.")
        cards, bad = await asyncio.to_thread(read_cards, text, tenant, self._find(tenant))
        if bad:
            return 0, bad
        for member in await asyncio.to_thread(_hashed, cards):
            self._book.keep(member)
        return len(cards), []

    def _find(self, tenant: str) -> Callable[[str], Member | None]:
        known = {member.number: member for member in self._book.everybody(tenant)}
        return known.get


class DatabaseMembers:
    """The same where no engine runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def everybody(self, tenant: str) -> list[Member]:
        """As stored."""
        with self._database.connect() as connection:
            return [m for m in load_members(connection) if tenant in ("", m.tenant)]

    async def add(self, member: Member, pin: str) -> Member:
        """New, or new terms."""
        require_number(member.number)
        known = {m.number: m for m in await self.everybody(member.tenant)}
        made = _terms(member, known.get(member.number), pin)
        self._save([made])
        return made

    async def set_locked(self, tenant: str, number: str, locked: bool) -> Member:
        """Lock or unlock."""
        for member in await self.everybody(tenant):
            if member.number == number:
                failed = member.failed if locked else 0
                changed = replace(member, locked=locked, failed=failed)
                self._save([changed])
                return changed
        raise NotFound(f"There is no member {number} of {tenant}.")

    async def take_in(self, tenant: str, text: str) -> tuple[int, list[BadLine]]:
        """All cards in one transaction, or none."""
        known = {m.number: m for m in await self.everybody(tenant)}
        cards, bad = read_cards(text, tenant, known.get)
        if bad:
            return 0, bad
        self._save(_hashed(cards))
        return len(cards), []

    def _save(self, members: list[Member]) -> None:
        with self._database.begin() as connection:
            for member in members:
                save_member(connection, member)


def _terms(member: Member, before: Member | None, pin: str) -> Member:
    if pin:
        return replace(member, pin_hash=hash_pin(pin))
    if before is None:
        raise Refused(f"Member {member.number} is new and needs a PIN.")
    return replace(member, pin_hash=before.pin_hash, failed=before.failed, locked=before.locked)


def _hashed(cards: list[Card]) -> list[Member]:
    """Hashes cost time on purpose: two at a time, as argon2 lets go of the interpreter."""

    def made(card: Card) -> Member:
        return replace(card.member, pin_hash=hash_pin(card.pin)) if card.pin else card.member

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(made, cards))
