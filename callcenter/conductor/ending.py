"""How a call ends on paper, whoever finds that it is over: its session or the reconciler."""

from datetime import datetime, timedelta

from callcenter.acd import Offer, OfferFailure, SeatState
from callcenter.acd.desk import OUTSIDE
from callcenter.calls import (
    Answered,
    CallEnded,
    EndedBy,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OpenCall,
    QueueLeft,
    QueueLeftBy,
    TalkEnded,
    TalkStarted,
)
from callcenter.conductor.context import Context
from callcenter.conductor.locating import region_at_end
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import DialResult, DialStatus, LegId

OUTCOMES = {
    DialStatus.ANSWER: OfferOutcome.ANSWERED,
    DialStatus.BUSY: OfferOutcome.REJECTED,
    DialStatus.NO_ANSWER: OfferOutcome.NO_ANSWER,
    DialStatus.UNREACHABLE: OfferOutcome.UNREACHABLE,
    DialStatus.CONGESTION: OfferOutcome.UNREACHABLE,
    DialStatus.CANCELLED: OfferOutcome.CALLER_GONE,
}
FAILURES = {
    OfferOutcome.REJECTED: OfferFailure.REJECTED,
    OfferOutcome.NO_ANSWER: OfferFailure.NO_ANSWER,
    OfferOutcome.UNREACHABLE: OfferFailure.UNREACHABLE,
    OfferOutcome.CALLER_GONE: OfferFailure.CALLER_GONE,
}


def settle_dial(
    context: Context, call: OpenCall, dial: DialResult | None, by: EndedBy, at: datetime
) -> bool:
    """Write down how a ring or talk ended that no script of ours was watching.

    Returns whether caller and seat have talked. ``at`` serves where the PBX gave no times.
    """
    if call.talk is None and call.offers:
        if dial is not None and dial.status is DialStatus.ANSWER:
            _answered(context, call, dial, at)
        else:
            outcome = OUTCOMES[dial.status] if dial else OfferOutcome.CALLER_GONE
            _fail(context, call, list(call.offers.values()), outcome, at)
    talk = call.talk
    if talk is not None:
        if dial is not None and dial.answered_at and dial.talk is not None:
            at = dial.answered_at + dial.talk
        by = context.inboxes.by_now(call.id, by)
        context.ledger.note(call.id, TalkEnded(at=at, offer=talk.offer, seat=talk.seat, by=by))
    if (handed := context.handed.pop(call.id, None)) is not None:
        context.dispatcher.talk_ended(handed)
    for held in context.held.pop(call.id, ()):
        if talk is not None and held.seat == talk.seat:
            context.dispatcher.answered(held)  # perhaps while nobody watched
            context.dispatcher.talk_ended(held)
        elif talk is not None:
            context.dispatcher.failed(held, OfferFailure.WITHDRAWN)
        else:
            outcome = OUTCOMES[dial.status] if dial else OfferOutcome.CALLER_GONE
            context.dispatcher.failed(held, FAILURES.get(outcome, OfferFailure.CALLER_GONE))
    return talk is not None


def seen_answered(context: Context, call: OpenCall, party: str) -> None:
    """A ring that no script of ours watches was answered there: that seat talks, others are free.

    On record it is when the exact time is known: at the end of the dial, or with :func:`known`.
    """
    held = context.held.get(call.id, [])
    first = next((each for each in held if _number(each.extension) == party), None)
    if first is None or not context.dispatcher.answered(first):
        return
    context.held[call.id] = [first]
    for other in held:
        if other is not first:
            context.dispatcher.failed(other, OfferFailure.WITHDRAWN)


def known(context: Context, call: OpenCall, leg: LegId, at: datetime) -> None:
    """Somebody is known to talk at ``leg``, although nobody watched the answer."""
    if call.talk is None and call.offers:
        talking = next((o for o in context.held.get(call.id, ()) if _talks(context, o)), None)
        party = _number(talking.extension) if talking else ""
        result = DialResult(
            status=DialStatus.ANSWER, leg=leg, answered_at=at, talk=timedelta(), party=party
        )
        _answered(context, call, result, at)


def _talks(context: Context, offer: Offer) -> bool:
    seat = context.dispatcher.seat(offer.seat)
    return seat.offer is not None and seat.state is not SeatState.RINGING


def _fail(
    context: Context, call: OpenCall, offers: list[OfferMade], outcome: OfferOutcome, at: datetime
) -> None:
    for offer in offers:
        context.ledger.note(
            call.id, OfferEnded(at=at, offer=offer.offer, seat=offer.seat, outcome=outcome)
        )


def _answered(context: Context, call: OpenCall, dial: DialResult, at: datetime) -> None:
    offers, moment = list(call.offers.values()), dial.answered_at or at
    found = next((each for each in offers if _number(each.extension) == dial.party), None)
    offer = found or offers[-1]
    _fail(context, call, [o for o in offers if o is not offer], OfferOutcome.WITHDRAWN, moment)
    note = context.ledger.note
    if not call.answered:
        note(call.id, Answered(at=moment))
    outcome = OfferOutcome.ANSWERED
    note(call.id, OfferEnded(at=moment, offer=offer.offer, seat=offer.seat, outcome=outcome))
    if offer.queue:
        note(call.id, QueueLeft(at=moment, queue=offer.queue, by=QueueLeftBy.ANSWERED))
    leg = dial.leg or LegId("")
    note(call.id, TalkStarted(at=moment, offer=offer.offer, seat=offer.seat, leg=leg))


def _number(extension: str) -> str:
    return extension.removeprefix(OUTSIDE)


async def close(context: Context, call: OpenCall, by: EndedBy, cause: Cause, at: datetime) -> None:
    """Last entries of a call: queue left, recording kept, call ended.

    A caller who is gone may have been hung up on by a supervisor; that is found out here.
    """
    note, name = context.ledger.note, ""
    if by is EndedBy.CALLER:
        by, name = await context.inboxes.who_ended(call.id)
    if call.queue is not None:
        note(call.id, QueueLeft(at=at, queue=call.queue.queue, by=QueueLeftBy.ABANDONED))
    await context.recorder.close(call)
    region = await region_at_end(context, call)
    if call.id in context.ledger.open:
        note(call.id, CallEnded(at=at, by=by, cause=int(cause), region=region, name=name))
