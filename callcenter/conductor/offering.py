"""One offer of a queue, rung: one dial to a seat or, ring-all, to several (Q1, Q6, Q10).

The first to answer has the call. What becomes of each seat goes to the journal and the dispatcher.
"""

from dataclasses import replace
from datetime import datetime

import structlog

from callcenter.acd import Offer, OfferFailure
from callcenter.calls import (
    Answered,
    EndedBy,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OfferRang,
    OpenCall,
    QueueLeft,
    QueueLeftBy,
    TalkStarted,
)
from callcenter.conductor.context import Context
from callcenter.conductor.ending import FAILURES, OUTCOMES
from callcenter.conductor.recorder import Talk
from callcenter.conductor.remote import confirm, is_at, target
from callcenter.conductor.transferring import talk_over
from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.port import (
    Channel,
    Dial,
    DialProgress,
    DialStatus,
    Hangup,
    LegAnswered,
    LegRinging,
    NodeLost,
    Prompt,
    SentElsewhere,
)

_log = structlog.get_logger(__name__)
_APART_SECONDS = 70.0
"""A whisper takes a minute at most (port); the lease outlives it."""


class Offering:
    """For one caller. ``music`` is what the caller hears, ``whisper`` what the agent hears."""

    def __init__(
        self,
        context: Context,
        call: OpenCall,
        channel: Channel,
        offer: Offer,
        *,
        music: str,
        whisper: tuple[Prompt, ...] = (),
    ) -> None:
        self._context = context
        self._call = call
        self._channel = channel
        self._offers = (replace(offer, others=()), *offer.others)
        self._music = music
        self._whisper = whisper
        self._talking: Offer | None = None

    async def run(self) -> bool:
        """Ring; true when a seat and the caller have talked."""
        first = self._offers[0]
        for offer in self._offers:
            self._made(offer)
        if self._whisper or confirm(self._context, self._offers):
            for offer in self._offers:
                seconds = offer.ring.total_seconds() + _APART_SECONDS
                self._context.dispatcher.renew(offer, seconds)
        dial = Dial(
            parties=tuple(target(self._context, offer.extension) for offer in self._offers),
            confirm=confirm(self._context, self._offers),
            ring=first.ring,
            music=self._music,
            whisper=self._whisper,
        )
        try:
            talk = Talk(queue=first.queue, offers=self._offers, usual=first.record)
            await self._context.recorder.before(self._call, self._channel, talk)
            result = await self._channel.dial(dial, self._progress)
        except Hangup:
            self._over(DialStatus.CANCELLED, EndedBy.CALLER)
            raise
        except SentElsewhere:
            self._over(DialStatus.CANCELLED, EndedBy.TRANSFER)
            raise
        except NodeLost:
            raise  # it goes on in the PBX
        except PbxProblem as problem:
            _log.error("cannot be dialled", call=self._call.id, why=str(problem))
            self._over(DialStatus.UNREACHABLE, EndedBy.ENGINE)
            return False
        self._over(result.status, EndedBy.SEAT)
        return self._talking is not None

    def _made(self, offer: Offer) -> None:
        self._context.ledger.note(
            self._call.id,
            OfferMade(
                at=self._context.clock.now(),
                offer=offer.token,
                queue=offer.queue,
                seat=offer.seat,
                extension=offer.extension,
            ),
        )

    def _progress(self, step: DialProgress) -> None:
        match step:
            case LegRinging():
                for offer in self._offers:
                    rang = OfferRang(at=step.at, offer=offer.token, leg=step.leg)
                    self._context.ledger.note(self._call.id, rang)
            case LegAnswered():
                self._answered(step)

    def _answered(self, step: LegAnswered) -> None:
        context, call, note = self._context, self._call.id, self._context.ledger.note
        winner = next((o for o in self._offers if is_at(o, step.party)), self._offers[0])
        self._talking = winner
        if not self._call.answered:  # a colour ring was heard until now
            note(call, Answered(at=step.at))
        for offer in self._offers:
            if offer is not winner:
                self._ended(offer, OfferOutcome.WITHDRAWN, step.at)
        if not context.dispatcher.answered(winner):  # frees the others too
            _log.error("answered without holding the seat", call=call, seat=winner.seat)
        self._ended(winner, OfferOutcome.ANSWERED, step.at)
        note(call, QueueLeft(at=step.at, queue=winner.queue, by=QueueLeftBy.ANSWERED))
        talk = TalkStarted(at=step.at, offer=winner.token, seat=winner.seat, leg=step.leg)
        note(call, talk)
        context.recorder.answered(self._call, winner.seat)

    def _ended(self, offer: Offer, outcome: OfferOutcome, at: datetime) -> None:
        ended = OfferEnded(at=at, offer=offer.token, seat=offer.seat, outcome=outcome)
        self._context.ledger.note(self._call.id, ended)

    def _over(self, status: DialStatus, by: EndedBy) -> None:
        context, now, talked = self._context, self._context.clock.now(), self._talking
        if talked is not None:
            talk_over(context, self._call, talked, by, now)
            return
        outcome = OUTCOMES[status]
        for offer in self._offers:
            self._ended(offer, outcome, now)
        failure = FAILURES.get(outcome, OfferFailure.NO_ANSWER)
        for offer in self._offers:
            context.dispatcher.failed(offer, failure)
