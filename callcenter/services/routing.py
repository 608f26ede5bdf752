"""Routing as administrators handle it: each change one transaction, in force for the next call."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy import Engine as Database

from callcenter.engine import Engine
from callcenter.routing import Decision, Facts, decide
from callcenter.snapshot import load_list_changes, load_snapshot

T = TypeVar("T")


class EngineRouting:
    """For a running engine: when a change returns, the next call meets it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def ask(self, work: Callable[[Connection], T]) -> T:
        """Read."""
        return await asyncio.to_thread(_in_transaction, self._engine.database, work)

    async def change(self, work: Callable[[Connection], T]) -> T:
        """Write, and have the engine take it over."""
        done = await asyncio.to_thread(_in_transaction, self._engine.database, work)
        await self._engine.reload()
        return done

    async def change_lists(self, work: Callable[[Connection], T]) -> T:
        """Write to black or white lists only: milliseconds, however much else is set up."""
        done = await asyncio.to_thread(_in_transaction, self._engine.database, work)
        await self._engine.reload(load_list_changes)
        return done

    async def explain(self, facts: Facts, at: datetime | None) -> Decision:
        """Decide without a call; ``at``: now."""
        now = at or self._engine.clock.now()
        return decide(facts, self._engine.snapshot.now.routing, now, explain=True)


class DatabaseRouting:
    """The same where no engine runs; the next engine will find the change."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, work: Callable[[Connection], T]) -> T:
        """Read."""
        return _in_transaction(self._database, work)

    async def change(self, work: Callable[[Connection], T]) -> T:
        """Write."""
        return _in_transaction(self._database, work)

    async def change_lists(self, work: Callable[[Connection], T]) -> T:
        """Write to black or white lists only."""
        return _in_transaction(self._database, work)

    async def explain(self, facts: Facts, at: datetime | None) -> Decision:
        """Decide without a call; ``at``: now."""
        now = at or datetime.now().astimezone()
        return decide(facts, load_snapshot(self._database).routing, now, explain=True)


def _in_transaction(database: Database, work: Callable[[Connection], T]) -> T:
    with database.begin() as connection:
        return work(connection)
