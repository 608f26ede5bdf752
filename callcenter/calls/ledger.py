"""The ledger: every event of every call goes through here, to the journal first.

It keeps the open calls; when one ends, its CDR goes to the projector. After a restart it is filled
from the journal, so that open calls go on and ended ones that the database missed are written.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec
import structlog
from sqlalchemy import Connection

from callcenter.calls.cdr import Cdr
from callcenter.calls.explaining import moments_of
from callcenter.calls.folding import cdr_of
from callcenter.calls.model import AnyCallEvent, CallEnded
from callcenter.calls.open_call import OpenCall
from callcenter.calls.store import EndedCall, save_ended
from callcenter.kernel.bus import Bus
from callcenter.kernel.journal import Journal, Record
from callcenter.kernel.projector import Many, Projector
from callcenter.pbx.port import LegId

_log = structlog.get_logger(__name__)
PREFIX = b"call "
Count = Callable[[Connection, Sequence[Cdr]], None]


class CallNote(msgspec.Struct, frozen=True, kw_only=True):
    """A journal record's payload: which call, what happened. Also published on the bus."""

    call: str
    event: AnyCallEvent


class CallClosed(msgspec.Struct, frozen=True, kw_only=True):
    """A call is over and this is its CDR. Published on the bus."""

    cdr: Cdr


class Ledger:
    """Open calls, and the only way to add to their story."""

    def __init__(
        self, journal: Journal, projector: Projector, bus: Bus, count: Count = lambda *_: None
    ) -> None:
        """``count`` is told of CDRs in the transaction that writes them, before it does."""
        self._count = count
        self._journal = journal
        self._projector = projector
        self._bus = bus
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(CallNote)
        self.open: dict[str, OpenCall] = {}
        self._by_leg: dict[LegId, OpenCall] = {}

    def restore(self, records: Iterable[Record], mark: int) -> None:
        """Fold what the journal holds; calls ended after ``mark`` go to the database again."""
        for record in records:
            if record.payload.startswith(PREFIX):
                try:
                    note = self._decoder.decode(record.payload[len(PREFIX) :])
                except msgspec.DecodeError as error:
                    _log.error("journal record not understood", at=record.position, why=str(error))
                    continue
                self._apply(note.call, note.event, record.position, mark)

    def note(self, call: str, event: AnyCallEvent) -> None:
        """Write down what happened, then let everybody know."""
        payload = PREFIX + self._encoder.encode(CallNote(call=call, event=event))
        position = self._journal.append(payload)
        closed = self._apply(call, event, position, 0)
        self._bus.publish(CallNote(call=call, event=event))
        if closed is not None:
            self._bus.publish(CallClosed(cdr=closed))

    def with_leg(self, leg: LegId) -> OpenCall | None:
        """The open call whose caller is on this leg."""
        return self._by_leg.get(leg)

    def release(self, mark: int) -> None:
        """Let the journal drop what the database has and no open call needs."""
        oldest = min((call.first_position for call in self.open.values()), default=mark + 1)
        self._journal.release(min(mark + 1, oldest))

    def _apply(self, call: str, event: AnyCallEvent, position: int, mark: int) -> Cdr | None:
        state = self.open.get(call)
        if state is None:
            state = self.open[call] = OpenCall(call, position)
        before = state.leg
        state.apply(event)
        self._note_leg(state, before, over=isinstance(event, CallEnded))
        if not isinstance(event, CallEnded):
            return None
        del self.open[call]
        try:
            cdr = cdr_of(call, state.events)
        except ValueError as error:
            _log.error("no CDR could be made", call=call, why=str(error))
            return None
        if position > mark:
            ended = EndedCall(cdr=cdr, moments=moments_of(state.events))
            self._projector.add(position, Many(self._save, ended))
        return cdr

    def _note_leg(self, call: OpenCall, before: LegId, *, over: bool) -> None:
        if (over or before != call.leg) and self._by_leg.get(before) is call:
            del self._by_leg[before]
        if not over and call.leg:
            self._by_leg[call.leg] = call

    def _save(self, connection: Connection, ended: Sequence[EndedCall]) -> None:
        self._count(connection, [call.cdr for call in ended])
        save_ended(connection, ended)
