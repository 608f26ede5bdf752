"""Brings answers to surveys from the journal to their table (R3)."""

from collections.abc import Iterable
from functools import partial

import msgspec

from callcenter.calls import SurveyAnswered
from callcenter.calls.ledger import PREFIX, CallNote
from callcenter.kernel.journal import Journal, Record
from callcenter.kernel.projector import Projector
from callcenter.records.survey import SurveyAnswer, save_answer

_MARK = b'"surveyanswered"'


class SurveyAnswers:
    """Of one engine."""

    def __init__(self, journal: Journal, projector: Projector) -> None:
        self._journal = journal
        self._projector = projector

    def restore(self, records: Iterable[Record], mark: int) -> None:
        """Answers of the journal that the database has not got."""
        decoder = msgspec.json.Decoder(CallNote)
        for record in records:
            payload = record.payload
            if record.position <= mark or not payload.startswith(PREFIX) or _MARK not in payload:
                continue
            try:
                note = decoder.decode(payload[len(PREFIX) :])
            except msgspec.DecodeError:
                continue  # the ledger says so
            self._take(note, record.position)

    def note(self, note: CallNote) -> None:
        """Something was written down about a call, just now."""
        self._take(note, self._journal.position)

    def _take(self, note: CallNote, position: int) -> None:
        event = note.event
        if not isinstance(event, SurveyAnswered):
            return
        answer = SurveyAnswer(
            call=note.call,
            position=position,
            tenant=event.tenant,
            survey=event.survey,
            question=event.question,
            answer=event.answer,
            comment=event.comment,
            seat=event.seat,
            queue=event.queue,
            at=event.at,
        )
        self._projector.add(position, partial(save_answer, answer=answer))
