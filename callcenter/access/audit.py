"""The audit log: journal first, database later, each row chained to the one before.

Rows are made one after the other in the engine's only thread, so that the chain needs no lock.
An act that changes something is noted when it begins and put on record when it is answered; what
an engine left begun when it died is put on record by the next one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

import msgspec
import structlog

from callcenter.access.model import AuditRow, Head
from callcenter.access.store import save_row
from callcenter.kernel.clock import Clock
from callcenter.kernel.journal import Journal, Record
from callcenter.kernel.projector import Projector

_log = structlog.get_logger(__name__)
ROW, BEGUN, HEAD = b"audit ", b"audit-begun ", b"audit-head "
DONE, LEFT = "done", "unknown"
_LEFT_WHY = "The engine ended before it had answered."
_LONGEST = {
    "actor": 64,
    "role": 16,
    "tenant": 200,
    "act": 160,
    "target": 300,
    "door": 100,
    "outcome": 40,
    "sentence": 400,
}


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is put on record of an act; see :class:`AuditRow`."""

    actor: str
    role: str
    tenant: str
    act: str
    target: str
    door: str
    outcome: str = DONE
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """A row in the journal; ``begun`` is the position at which its act began, 0 for none."""

    row: AuditRow
    begun: int = 0


@dataclass(kw_only=True)
class _Found:
    """What the journal has of the log."""

    head: Head = field(default_factory=Head)
    begun: dict[int, tuple[datetime, Said]] = field(default_factory=dict)


class AuditLog:
    """Append only."""

    def __init__(self, journal: Journal, projector: Projector, clock: Clock) -> None:
        self._journal = journal
        self._projector = projector
        self._clock = clock
        self.head = Head()

    def begin(self, said: Said) -> int:
        """Note that an act begins; what is returned goes to :meth:`add`."""
        note = (self._clock.now(), _fit(replace(said, outcome=LEFT, sentence=_LEFT_WHY)))
        return self._journal.append(BEGUN + msgspec.json.encode(note))

    def add(self, said: Said, begun: int = 0) -> AuditRow:
        """Put an act on record; it cannot be lost any more when this returns."""
        return self._add(_fit(said), self._clock.now(), begun)

    def anchor(self) -> None:
        """Have the journal know the head, also when it forgets the rows before it."""
        if self._journal.segments > 1:
            self._anchor()

    def restore(self, known: Head, records: Iterable[Record], mark: int) -> None:
        """Go on where the last engine stopped; ``known`` is the head in the database."""
        found = _Found(head=known)
        for record in records:
            self._replay(record, found, mark)
        self.head = found.head
        for begun, (at, said) in found.begun.items():
            self._add(said, at, begun)
        self._anchor()

    # -- inside -------------------------------------------------------------------------------

    def _add(self, said: Said, at: datetime, begun: int) -> AuditRow:
        row = AuditRow(
            number=self.head.number + 1,
            at=at,
            previous=self.head.hash,
            actor=said.actor,
            role=said.role,
            tenant=said.tenant,
            act=said.act,
            target=said.target,
            door=said.door,
            outcome=said.outcome,
            sentence=said.sentence,
        ).sealed()
        position = self._journal.append(ROW + msgspec.json.encode(_Kept(row=row, begun=begun)))
        self.head = Head(number=row.number, hash=row.hash)
        self._projector.add(position, partial(save_row, row=row))
        return row

    def _anchor(self) -> None:
        self._journal.append(HEAD + msgspec.json.encode(self.head))

    def _replay(self, record: Record, found: _Found, mark: int) -> None:
        try:
            kept = read(record)
        except msgspec.MsgspecError as error:
            _log.error("journal record not understood", at=record.position, why=str(error))
            return
        if isinstance(kept, Head) and kept.number > found.head.number:
            found.head = kept
        elif isinstance(kept, _Kept):
            found.begun.pop(kept.begun, None)
            if kept.row.number > found.head.number:
                found.head = Head(number=kept.row.number, hash=kept.row.hash)
            if record.position > mark:
                self._projector.add(record.position, partial(save_row, row=kept.row))
        elif isinstance(kept, tuple):
            found.begun[record.position] = kept


def read(record: Record) -> _Kept | Head | tuple[datetime, Said] | None:
    """What a record of the journal says of the log; ``None`` when it is about something else.

    Raises:
        msgspec.MsgspecError: it cannot be understood.
    """
    payload = record.payload
    if payload.startswith(ROW):
        return msgspec.json.decode(payload[len(ROW) :], type=_Kept)
    if payload.startswith(BEGUN):
        return msgspec.json.decode(payload[len(BEGUN) :], type=tuple[datetime, Said])
    if payload.startswith(HEAD):
        return msgspec.json.decode(payload[len(HEAD) :], type=Head)
    return None


def head_in(records: Iterable[Record]) -> Head:
    """The newest head that a journal knows; number 0 when it knows none."""
    head = Head()
    for record in records:
        try:
            kept = read(record)
        except msgspec.MsgspecError:
            continue
        if isinstance(kept, _Kept):
            kept = Head(number=kept.row.number, hash=kept.row.hash)
        if isinstance(kept, Head) and kept.number >= head.number:
            head = kept
    return head


def _fit(said: Said) -> Said:
    """Whatever was asked for: a row is not lost because a text does not fit into a database."""
    texts = {name: _clean(getattr(said, name))[:most] for name, most in _LONGEST.items()}
    return Said(**texts)


def _clean(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)
