"""Takes the talks of members off their cards (I6), from what the journal says of calls.

Fed with every note of every call, as it is made and again after a restart; the member book knows
which talks it has taken off already.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from callcenter.calls import NodeEntered, Routed, TalkEnded, TalkStarted
from callcenter.calls.ledger import PREFIX, CallNote
from callcenter.calls.model import CallEnded
from callcenter.kernel.journal import Record
from callcenter.members import MemberBook


@dataclass
class _Caller:
    """What matters of one open call."""

    tenant: str = ""
    member: str = ""
    since: datetime | None = None
    served: bool = False


class Allowances:
    """One service a call, and the seconds of each talk after the check."""

    def __init__(self, book: MemberBook) -> None:
        self._book = book
        self._callers: dict[str, _Caller] = {}

    def restore(self, records: Iterable[Record], mark: int) -> None:
        """What ended just before the engine did and was not taken off yet is taken off now."""
        decoder = msgspec.json.Decoder(CallNote)
        for record in records:
            if not record.payload.startswith(PREFIX):
                continue
            try:
                note = decoder.decode(record.payload[len(PREFIX) :])
            except msgspec.DecodeError:
                continue  # the ledger says so
            self._fold(note, counts=record.position > mark)

    def note(self, note: CallNote) -> None:
        """Something happened."""
        self._fold(note, counts=True)

    def _fold(self, note: CallNote, *, counts: bool) -> None:
        event = note.event
        match event:
            case CallEnded():
                self._callers.pop(note.call, None)
            case Routed():
                self._callers.setdefault(note.call, _Caller()).tenant = event.tenant
            case NodeEntered() if member := event.values.get("_member", ""):
                self._callers.setdefault(note.call, _Caller()).member = member
            case TalkStarted() if caller := self._callers.get(note.call):
                caller.since = event.at
            case TalkEnded() if (caller := self._callers.get(note.call)) and caller.since:
                self._ended(caller, event, caller.since, counts=counts)

    def _ended(self, caller: _Caller, event: TalkEnded, since: datetime, *, counts: bool) -> None:
        caller.since = None
        if not caller.member:
            return
        first, caller.served = not caller.served, True
        if counts:
            seconds = (event.at - since).total_seconds()
            self._book.use(caller.tenant, caller.member, event.offer, seconds, service=first)
