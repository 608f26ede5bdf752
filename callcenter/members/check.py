"""The members as the engine knows them: checks, counts of wrong PINs, changes; journal first.

Everything is answered out of memory; what changes goes to the journal and from there to the
database, so a check works while the database is away and a lock outlives the engine.
"""

import asyncio
import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import cache, partial

import msgspec
import structlog

from callcenter.kernel import pins
from callcenter.kernel.errors import NotFound
from callcenter.kernel.journal import Journal, Record
from callcenter.kernel.projector import Projector
from callcenter.members.model import MOST_WRONG, Member, Standing, require_pin
from callcenter.members.store import save_member

_log = structlog.get_logger(__name__)
PREFIX = b"member "
USED = b"member-used "


@cache
def _nobody() -> str:
    """A wrong number costs a stranger as long as a wrong PIN."""
    return pins.hash_pin("nobody")


def hash_pin(pin: str) -> str:
    """Argon2 hash of a PIN (slow on purpose).

    Raises:
        Refused: it is no PIN.
    """
    return pins.hash_pin(require_pin(pin))


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """A journal record: a talk, by its offer, was taken off a card; ``member`` is what is left."""

    talk: str
    member: Member


class MemberBook:
    """Every member by tenant and number."""

    def __init__(self, journal: Journal, projector: Projector) -> None:
        self._journal = journal
        self._projector = projector
        self._decoder = msgspec.json.Decoder(Member)
        self._used_decoder = msgspec.json.Decoder(Used)
        self._used: set[str] = set()  # talks that the journal still has
        self._members: dict[tuple[str, str], Member] = {}
        self._recent: dict[tuple[str, str], tuple[int, Member]] = {}  # perhaps not yet stored

    def load(self, stored: Iterable[Member]) -> None:
        """Take over what the database has, but not over changes it has not got yet."""
        self._members = {(member.tenant, member.number): member for member in stored}
        for key, (position, member) in list(self._recent.items()):
            if position > self._projector.mark:
                self._members[key] = member
            else:
                del self._recent[key]

    def restore(self, stored: Iterable[Member], records: Iterable[Record], mark: int) -> None:
        """After a restart: what is stored, then what the journal has beyond it."""
        for record in records:
            if record.payload.startswith(USED):
                used = self._used_decoder.decode(record.payload[len(USED) :])
                self._used.add(used.talk)
                member = used.member
            elif record.payload.startswith(PREFIX):
                member = self._decoder.decode(record.payload[len(PREFIX) :])
            else:
                continue
            if record.position > mark:
                self._recent[member.tenant, member.number] = (record.position, member)
                self._projector.add(record.position, partial(save_member, member=member))
        self.load(stored)

    def find(self, tenant: str, number: str) -> Member:
        """One member.

        Raises:
            NotFound: there is none.
        """
        try:
            return self._members[tenant, number]
        except KeyError:
            raise NotFound(f"There is no member {number} of {tenant}.") from None

    def everybody(self, tenant: str = "") -> list[Member]:
        """Members of a tenant, or all, by number."""
        found = (m for m in self._members.values() if tenant in ("", m.tenant))
        return sorted(found, key=lambda member: (member.tenant, member.number))

    async def check(self, tenant: str, number: str, pin: str, now: datetime) -> Standing:
        """Whether this is the member's PIN and what the member is entitled to.

        The third wrong PIN in a row locks. A locked member is told so whatever the PIN was: the
        PIN is not looked at any more.
        """
        member = self._members.get((tenant, number))
        if member is not None and member.locked:
            return Standing.LOCKED
        pin_hash = member.pin_hash if member else await asyncio.to_thread(_nobody)
        right = await asyncio.to_thread(pins.pin_matches, pin_hash, pin)
        member = self._members.get((tenant, number))  # two may have tried at once
        if member is None:
            return Standing.WRONG
        if member.locked:
            return Standing.LOCKED
        if not right:
            return self._wrong(member)
        if member.failed:
            self.keep(replace(member, failed=0))
        return member.standing(now)

    def _wrong(self, member: Member) -> Standing:
        failed = member.failed + 1
        locked = failed >= MOST_WRONG
        self.keep(replace(member, failed=failed, locked=locked))
        if locked:
            _log.warning("member locked", tenant=member.tenant, member=member.number)
        return Standing.LOCKED if locked else Standing.WRONG

    async def change_pin(self, tenant: str, number: str, pin: str) -> None:
        """A member has chosen a new PIN.

        Raises:
            NotFound: there is no such member.
            Refused: it is no PIN.
        """
        pin_hash = await asyncio.to_thread(hash_pin, pin)
        self.keep(replace(self.find(tenant, number), pin_hash=pin_hash, failed=0))

    def lock(self, tenant: str, number: str) -> Member:
        """No check succeeds any more."""
        return self.keep(replace(self.find(tenant, number), locked=True))

    def unlock(self, tenant: str, number: str) -> Member:
        """Checks may succeed again; wrong PINs are forgotten."""
        return self.keep(replace(self.find(tenant, number), locked=False, failed=0))

    def keep(self, member: Member) -> Member:
        """Write a member down, new or changed."""
        return self._keep(PREFIX + msgspec.json.encode(member), member)

    def use(self, tenant: str, number: str, talk: str, seconds: float, *, service: bool) -> None:
        """Take a talk off a card, once: its seconds, and one service if ``service``.

        ``talk`` names it; a talk that was taken off already changes nothing.
        """
        member = self._members.get((tenant, number))
        if member is None or talk in self._used:
            return
        allowance, services = member.allowance_seconds, member.services_left
        if allowance is not None:
            allowance = max(0, allowance - math.ceil(max(0.0, seconds)))
        if services is not None and service:
            services = max(0, services - 1)
        member = replace(member, allowance_seconds=allowance, services_left=services)
        self._used.add(talk)
        self._keep(USED + msgspec.json.encode(Used(talk=talk, member=member)), member)

    def _keep(self, payload: bytes, member: Member) -> Member:
        key = (member.tenant, member.number)
        position = self._journal.append(payload)
        self._projector.add(position, partial(save_member, member=member))
        self._members[key] = member
        self._recent[key] = (position, member)
        return member
