"""Facts from the journal to the database, in order, in batches, at its leisure.

The database may be away for hours: what is not yet written waits here (and stands in the journal).
Each batch and the position it reaches are one transaction, so nothing is written twice.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from itertools import groupby, islice
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy import BigInteger, Column, Connection, Engine, Integer, Table, select, update
from sqlalchemy.exc import DatabaseError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from callcenter.kernel.database import metadata

_log = structlog.get_logger(__name__)
_BATCH = 500
_RETRY_SECONDS = 2.0
_AWAY = (OperationalError, InterfaceError, InternalError, PoolTimeout)

journal_mark = Table(
    "journal_mark",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

Write = Callable[[Connection], None]
Row = TypeVar("Row")


class Many(Generic[Row]):
    """A write that does many rows in one go: those that follow each other are given together."""

    def __init__(self, write: Callable[[Connection, Sequence[Row]], None], row: Row) -> None:
        self.write = write
        self.row = row

    def __call__(self, connection: Connection) -> None:
        """This row alone."""
        self.write(connection, [self.row])


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
        suspects = 0  # rows to write one by one, because one of them was refused
        while True:
            await self._more.wait()
            batch = list(islice(self._waiting, 1 if suspects else _BATCH))
            try:
                await asyncio.to_thread(self._commit, batch)
            except Exception as error:
                if _is_away(error):
                    await self._wait_for_database(error)
                    continue
                if len(batch) > 1:
                    suspects = len(batch)
                    continue
                # One row must not hold up all others; the journal still has it.
                _log.exception("database refused a record", position=batch[0][0])
            self.ok = True
            suspects = max(0, suspects - len(batch))
            self._written(len(batch))

    async def settled(self) -> None:
        """Wait until everything added so far is in the database."""
        await self._idle.wait()

    async def _wait_for_database(self, error: Exception) -> None:
        if self.ok:
            _log.error("database does not take records", error=str(error), held=self.backlog)
        self.ok = False
        await asyncio.sleep(_RETRY_SECONDS)

    def _written(self, rows: int) -> None:
        for _ in range(rows):
            self._waiting.popleft()
        if not self._waiting:
            self._more.clear()
            self._idle.set()

    def _commit(self, batch: list[tuple[int, Write]]) -> None:
        with self._engine.begin() as connection:
            for kind, some in groupby((write for _, write in batch), key=_kind):
                if kind is None:
                    for write in some:
                        write(connection)
                else:
                    kind(connection, [write.row for write in some if isinstance(write, Many)])
            position = batch[-1][0]
            if not connection.execute(update(journal_mark).values(position=position)).rowcount:
                connection.execute(journal_mark.insert().values(id=1, position=position))
        self.mark = position


def _kind(write: Write) -> Callable[[Connection, Sequence[Any]], None] | None:
    return write.write if isinstance(write, Many) else None


def _is_away(error: Exception) -> bool:
    """The database cannot be reached or written, whatever the row; waiting may help."""
    return isinstance(error, _AWAY) or type(error) is DatabaseError
