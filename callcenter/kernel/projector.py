"""Facts from the journal to the database, in order, in batches, at its leisure.

The database may be away for hours: what is not yet written waits here (and stands in the journal).
Each batch and the position it reaches are one transaction, so nothing is written twice.
"""

import asyncio
from collections import deque
from collections.abc import Callable

import structlog
from sqlalchemy import BigInteger, Column, Connection, Engine, Integer, Table, select, update
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from callcenter.kernel.database import metadata

_log = structlog.get_logger(__name__)
_BATCH = 500
_RETRY_SECONDS = 2.0

journal_mark = Table(
    "journal_mark",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

Write = Callable[[Connection], None]


class Projector:
    """Single consumer of writes, each tied to the journal position that caused it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.mark = 0
        self.ok = True
        self._waiting: deque[tuple[int, Write]] = deque()
        self._more = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def backlog(self) -> int:
        """Writes that the database has not taken yet."""
        return len(self._waiting)

    def load_mark(self) -> int:
        """Position up to which the database has everything (blocking; for the start)."""
        with self._engine.connect() as connection:
            position = connection.execute(select(journal_mark.c.position)).scalar_one_or_none()
        self.mark = position or 0
        return self.mark

    def add(self, position: int, write: Write) -> None:
        """Have ``write`` done; positions must not fall."""
        self._waiting.append((position, write))
        self._idle.clear()
        self._more.set()

    async def run(self) -> None:
        """Write for ever; cancel to end. What was added before the start is put in order first."""
        self._waiting = deque(sorted(self._waiting, key=lambda row: row[0]))
        while True:
            await self._more.wait()
            batch = [self._waiting[i] for i in range(min(_BATCH, len(self._waiting)))]
            try:
                await asyncio.to_thread(self._commit, batch)
            except (OperationalError, InterfaceError) as error:
                _log.error("database does not take records", error=str(error), held=self.backlog)
                self.ok = False
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            except SQLAlchemyError:
                await asyncio.to_thread(self._commit_singly, batch)
            self.ok = True
            for _ in batch:
                self._waiting.popleft()
            if not self._waiting:
                self._more.clear()
                self._idle.set()

    async def settled(self) -> None:
        """Wait until everything added so far is in the database."""
        await self._idle.wait()

    def _commit_singly(self, batch: list[tuple[int, Write]]) -> None:
        # One row that the database refuses must not hold up all others; the journal still has it.
        for row in batch:
            try:
                self._commit([row])
            except SQLAlchemyError as error:
                _log.error("database refused a record", position=row[0], error=str(error))

    def _commit(self, batch: list[tuple[int, Write]]) -> None:
        with self._engine.begin() as connection:
            for _, write in batch:
                write(connection)
            position = batch[-1][0]
            if not connection.execute(update(journal_mark).values(position=position)).rowcount:
                connection.execute(journal_mark.insert().values(id=1, position=position))
        self.mark = position
