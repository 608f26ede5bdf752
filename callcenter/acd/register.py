"""What agents said, kept: journal first, database later, restored after a restart."""

from collections.abc import Iterable
from functools import partial

import msgspec
import structlog

from callcenter.acd.dispatcher import Dispatcher
from callcenter.acd.model import StatusChanged
from callcenter.acd.store import save_status
from callcenter.kernel.errors import NotFound
from callcenter.kernel.journal import Journal, Record
from callcenter.kernel.projector import Projector

_log = structlog.get_logger(__name__)
PREFIX = b"seat "


class Register:
    """Writes each :class:`StatusChanged` down and puts the last ones back at the start."""

    def __init__(self, journal: Journal, projector: Projector) -> None:
        self._journal = journal
        self._projector = projector

    def note(self, change: StatusChanged) -> None:
        """Keep it."""
        position = self._journal.append(PREFIX + msgspec.json.encode(change))
        self._projector.add(position, partial(save_status, change=change))

    def restore(
        self,
        dispatcher: Dispatcher,
        stored: Iterable[StatusChanged],
        records: Iterable[Record],
        mark: int,
    ) -> None:
        """Last word of each seat: from the database, then from the journal after ``mark``."""
        last = {change.seat: change for change in stored}
        for record in records:
            if record.position > mark and record.payload.startswith(PREFIX):
                try:
                    change = msgspec.json.decode(record.payload[len(PREFIX) :], type=StatusChanged)
                except msgspec.MsgspecError as error:
                    _log.error("journal record not understood", at=record.position, why=str(error))
                    continue
                last[change.seat] = change
                self._projector.add(record.position, partial(save_status, change=change))
        for change in last.values():
            try:
                seat = dispatcher.seat(change.seat)
            except NotFound:
                continue
            seat.restore(change.status, change.reason, change.extension, change.at)
