"""What agents said and did, kept: journal first, database later, restored after a restart."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

import msgspec
import structlog
from sqlalchemy import Connection

from callcenter.acd.dispatcher import Dispatcher
from callcenter.acd.log import (
    SeatNoted,
    load_wrap_ups,
    save_disposition,
    save_noted,
    save_wrap_up,
)
from callcenter.acd.model import SeatStatus
from callcenter.acd.seat import Seat
from callcenter.acd.store import load_status, save_status
from callcenter.acd.told import Disposed, StateChanged, StatusChanged, WrapUpSet
from callcenter.kernel.journal import Journal, Record
from callcenter.kernel.projector import Projector

_log = structlog.get_logger(__name__)
STATUS, STATE, WRAP_UP, DISPOSED = b"seat ", b"seat-state ", b"seat-wrap-up ", b"seat-disposed "
Change = TypeVar("Change")
Count = Callable[[Connection, int, SeatNoted], None]


@dataclass(kw_only=True)
class Known:
    """What the database had of seats."""

    status: list[StatusChanged] = field(default_factory=list)
    wrap_ups: list[WrapUpSet] = field(default_factory=list)


def load_known(connection: Connection) -> Known:
    """Read it (blocking)."""
    return Known(status=load_status(connection), wrap_ups=load_wrap_ups(connection))


class Register:
    """Writes each change of a seat down and puts the last ones back at the start."""

    def __init__(
        self, journal: Journal, projector: Projector, count: Count = lambda *_: None
    ) -> None:
        """``count`` is told of each change of a seat in the transaction that writes it, before."""
        self._count = count
        self._journal = journal
        self._projector = projector
        self._seats: dict[str, SeatNoted] = {}

    # -- while the engine runs ----------------------------------------------------------------

    def note(self, change: StatusChanged) -> None:
        """Keep what an agent said."""
        position = self._append(STATUS, change)
        self._projector.add(position, partial(save_status, change=change))
        if (before := self._seats.get(change.seat)) is not None:
            self._noted(
                msgspec.structs.replace(
                    before, at=change.at, status=change.status, reason=change.reason, by=change.by
                )
            )

    def note_state(self, change: StateChanged) -> None:
        """Keep what was seen."""
        if (before := self._seats.get(change.seat)) is not None:
            self._noted(
                msgspec.structs.replace(
                    before,
                    at=change.at,
                    state=change.state,
                    call=change.call,
                    queue=change.queue,
                    by="engine",
                )
            )

    def note_wrap_up(self, change: WrapUpSet) -> None:
        """Keep until when a wrap-up goes on."""
        position = self._append(WRAP_UP, change)
        self._projector.add(position, partial(save_wrap_up, change=change))

    def note_disposed(self, said: Disposed) -> None:
        """Keep what came of a call."""
        position = self._append(DISPOSED, said)
        self._projector.add(position, partial(save_disposition, said=said))

    def follow(self, seats: Iterable[Seat], now: datetime) -> None:
        """Begin the log of seats that are new to it; who is logged in goes on from now."""
        for seat in seats:
            if seat.plan.number in self._seats:
                continue
            noted = SeatNoted(
                seat=seat.plan.number,
                at=now,
                status=seat.status,
                reason=seat.reason,
                state=seat.state,
                call=seat.call,
                by="engine",
                queue=seat.queue,
            )
            self._seats[noted.seat] = noted
            if seat.status is not SeatStatus.LOGGED_OUT:
                self._noted(noted)

    # -- after a restart ----------------------------------------------------------------------

    def restore(
        self, dispatcher: Dispatcher, known: Known, records: Iterable[Record], mark: int
    ) -> None:
        """Last word and wrap-up of each seat: from the database, then from the journal beyond."""
        status = {change.seat: change for change in known.status}
        wrap_ups = {change.seat: change for change in known.wrap_ups}
        for record in records:
            if record.position > mark:
                self._replay(record, status, wrap_ups)
        for change in status.values():
            dispatcher.restore_status(change)
        for wrap_up in wrap_ups.values():
            dispatcher.restore_wrap_up(wrap_up)

    def _replay(
        self, record: Record, status: dict[str, StatusChanged], wrap_ups: dict[str, WrapUpSet]
    ) -> None:
        add = partial(self._projector.add, record.position)
        if (said := _read(record, STATUS, StatusChanged)) is not None:
            status[said.seat] = said
            add(partial(save_status, change=said))
        elif (noted := _read(record, STATE, SeatNoted)) is not None:
            add(partial(self._save, record.position, noted))
        elif (wrap_up := _read(record, WRAP_UP, WrapUpSet)) is not None:
            wrap_ups[wrap_up.seat] = wrap_up
            add(partial(save_wrap_up, change=wrap_up))
        elif (disposed := _read(record, DISPOSED, Disposed)) is not None:
            owed = wrap_ups.get(disposed.seat)
            if owed is not None and owed.call == disposed.call:
                wrap_ups[disposed.seat] = replace(owed, owes=False)
            add(partial(save_disposition, said=disposed))

    # -- inside -------------------------------------------------------------------------------

    def _noted(self, noted: SeatNoted) -> None:
        self._seats[noted.seat] = noted
        position = self._append(STATE, noted)
        self._projector.add(position, partial(self._save, position, noted))

    def _save(self, position: int, noted: SeatNoted, connection: Connection) -> None:
        self._count(connection, position, noted)
        save_noted(connection, position, noted)

    def _append(self, prefix: bytes, change: object) -> int:
        return self._journal.append(prefix + msgspec.json.encode(change))


def _read(record: Record, prefix: bytes, kind: type[Change]) -> Change | None:
    if not record.payload.startswith(prefix):
        return None
    try:
        return msgspec.json.decode(record.payload[len(prefix) :], type=kind)
    except msgspec.MsgspecError as error:
        _log.error("journal record not understood", at=record.position, why=str(error))
        return None
