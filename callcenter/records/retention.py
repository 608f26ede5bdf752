"""Recordings whose time is over are deleted; that they were there stays on record (R1).

A rule's days count, else those of the settings; what is held stays. Runs beside the calls.
"""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from callcenter.kernel.clock import Clock
from callcenter.records.model import RecordingState
from callcenter.records.recording_store import mark_removed
from callcenter.records.tables import recordings

_log = structlog.get_logger(__name__)
SWEEP_SECONDS = 900.0
_AT_ONCE = 500
_c = recordings.c


class Retention:
    """``keep_days`` where no rule says; ``None``: for ever."""

    def __init__(self, database: Engine, folder: Path, clock: Clock, keep_days: int | None) -> None:
        self._database, self._folder, self._clock = database, folder, clock
        self._keep_days = keep_days

    async def run(self) -> None:
        """Sweep for ever; cancel to end."""
        while True:
            try:
                removed = await asyncio.to_thread(self.sweep)
            except SQLAlchemyError as error:
                _log.warning("recordings are not swept", why=str(error).splitlines()[0])
                removed = 0
            if removed:
                _log.info("recordings removed, their time was over", count=removed)
            await self._clock.sleep(SWEEP_SECONDS)

    def sweep(self) -> int:
        """Remove what is over; how many (blocking)."""
        now, removed = self._clock.now(), 0
        while True:
            with self._database.connect() as connection:
                over = self._over(connection, now)
            gone = sum(self._remove(name, path, days, now) for name, path, days in over)
            removed += gone
            if len(over) < _AT_ONCE or not gone:
                return removed

    def _over(self, connection: Connection, now: datetime) -> list[tuple[str, str, int]]:
        """Names, paths and days; each length of time is asked apart, so that an index serves."""
        kept = (_c.state == RecordingState.KEPT.value) & (_c.hold == "")
        days_said = connection.execute(select(_c.keep_days).where(kept).distinct()).scalars()
        found: list[tuple[str, str, int]] = []
        for said in list(days_said):
            days = said if said is not None else self._keep_days
            if days is None:
                continue
            these = _c.keep_days.is_(None) if said is None else _c.keep_days == said
            old = kept & these & (_c.ended_at < now - timedelta(days=days))
            query = select(_c.id, _c.path).where(old).limit(_AT_ONCE - len(found))
            found += [(row.id, row.path, days) for row in connection.execute(query)]
        return found

    def _remove(self, name: str, path: str, days: int, now: datetime) -> bool:
        """The row first: who wants to hold it from here on is refused, or was faster."""
        try:
            with self._database.begin() as connection:
                if not mark_removed(connection, name, at=now, why=f"kept for {days} days"):
                    return False
                (self._folder / path).unlink(missing_ok=True)
        except OSError as error:
            _log.error("a recording cannot be removed", path=path, why=error.strerror)
            return False
        return True
