"""The proof of recordings: what a rule wanted recorded has its file and its hash.

What was removed since, by its time or by somebody, may be gone; what the PBX has written a moment
ago may still be on its way.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, and_, select

from callcenter.calls.tables import cdrs
from callcenter.records.model import RecordingState
from callcenter.records.tables import recordings
from callcenter.reports.answer import Proof
from callcenter.reports.balances import ProofFailed
from callcenter.reports.calendar import Span

NAME = "due recordings are there"
_AT_ONCE = 500
_ON_ITS_WAY = timedelta(minutes=10)


def recorded(connection: Connection, span: Span, folder: Path | None, now: datetime) -> Proof:
    """Look at each answered call that was to be recorded.

    Raises:
        ProofFailed: at the first without file or hash.
    """
    checked = 0
    for block in _due(connection, span):
        parts = _parts(connection, [row.id for row in block])
        for row in block:
            checked += 1
            wrong = _wrong(row, parts.get(row.id, []), folder, now)
            if wrong:
                raise ProofFailed(
                    f"Proof '{NAME}' fails: CDR {row.id} should have been recorded: {wrong}. "
                    "See `callcenter recording verify`."
                )
    what = "every answered call that a rule says is recorded has its file and hash"
    return Proof(name=NAME, what=what, checked=checked)


def _due(connection: Connection, span: Span) -> Iterator[Sequence[Any]]:
    of = cdrs.c
    within = and_(of.started_at >= span.since, of.started_at < span.until)
    query = select(of.id, of.recording, of.sha256, of.ended_at).where(
        within, of.recording_due, of.talk_seconds > 0
    )
    rows = connection.execute(query.execution_options(yield_per=_AT_ONCE))
    yield from rows.partitions(_AT_ONCE)


def _parts(connection: Connection, calls: list[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    of = recordings.c
    query = select(of.call, of.state, of.path, of.sha256, of.stored_sha256).where(
        of.call.in_(calls)
    )
    for row in connection.execute(query):
        found.setdefault(row.call, []).append(row)
    return found


def _wrong(call: Any, parts: Sequence[Any], folder: Path | None, now: datetime) -> str:
    """What is wrong with it; "" when nothing is."""
    if not parts:
        if call.recording and call.sha256:
            return ""
        fresh = now - call.ended_at < _ON_ITS_WAY
        return "" if fresh and call.recording else "there is no recording of it"
    for part in parts:
        if part.state == RecordingState.RAW and now - call.ended_at > _ON_ITS_WAY:
            return "what the PBX wrote was never kept"
        if part.state != RecordingState.KEPT:
            continue
        if not (part.sha256 and part.stored_sha256):
            return f"{part.path} has no hash"
        if folder is not None and not (folder / part.path).is_file():
            return f"the file {part.path} is not there"
    return ""
