"""Calls that are sent on to somebody else: where to, and whose talk it is from then on (S2).

A caller sent elsewhere comes back as a new arrival, which its session routes by
:func:`sent_to`. In an attended transfer the caller stays in the dial of its script; only who
talks changes, by :func:`joined`.
"""

from dataclasses import replace
from datetime import datetime

import structlog

from callcenter.acd import Offer
from callcenter.calls import (
    EndedBy,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OpenCall,
    QueueJoined,
    TalkEnded,
    TalkHeld,
    TalkStarted,
    TalkTaken,
)
from callcenter.conductor.context import Context
from callcenter.conductor.ending import known
from callcenter.kernel.ids import new_id
from callcenter.numbers import Destination, Kind
from callcenter.pbx.port import Arrival, LegHeld, LegResumed, Source, Transferred
from callcenter.routing import Decision, Facts, decide
from callcenter.routing.inside import from_extension

_log = structlog.get_logger(__name__)
_WORDS = (Kind.SEAT, Kind.QUEUE, Kind.EXTENSION, Kind.OUTSIDE)


def word_for(to: Destination) -> str:
    """As the PBX carries it; read again by :func:`sent_to`."""
    return f"{to.kind}-{to.name}"


def sent_to(context: Context, call: OpenCall, arrival: Arrival, before: Decision) -> Decision:
    """The decision for a caller who was transferred; who cannot be reached there waits where they
    waited before."""
    by = arrival.transferred_by
    to = _by_phone(context, arrival) if by else _by_word(arrival.transferred_to)
    queues = [event.queue for event in call.events if isinstance(event, QueueJoined)]
    back = Destination(kind=Kind.QUEUE, name=queues[-1]) if queues else before.fallback
    return replace(
        before,
        destination=to,
        rule=f"transferred by {f'extension {by}' if by else 'command'} to {arrival.transferred_to}",
        fallback=None if back == to else back,
    )


def joined(context: Context, told: Transferred) -> None:
    """A phone left its two talks and joined the others: the caller is somebody else's now."""
    call = context.ledger.open.get(told.call)
    if call is not None:
        known(context, call, told.from_leg, context.clock.now())
    if call is None or call.talk is None or call.talk.leg != told.from_leg:
        _log.warning("a transfer of no talk of ours", call=told.call)
        return
    now, first = context.clock.now(), call.offer
    queue = first.queue if first else ""
    recorded = context.recorder.leaving(call)
    talk_over(context, call, None, EndedBy.TRANSFER, now)
    consulted = context.ledger.open.get(told.consultation)  # may have ended by now
    party = context.answered.get(told.to_leg) or (consulted.offer if consulted else None)
    number = party.extension if party else ""
    seat = context.dispatcher.seat_at(number) if number else None
    note, token = context.ledger.note, new_id("o")
    made = OfferMade(
        at=now,
        offer=token,
        queue=queue,
        seat=seat.plan.number if seat else "",
        extension=number,
        kind="seat" if seat else (party.kind if party else "extension"),
    )
    note(call.id, made)
    answered = OfferOutcome.ANSWERED
    note(call.id, OfferEnded(at=now, offer=token, seat=made.seat, outcome=answered))
    note(call.id, TalkStarted(at=now, offer=token, seat=made.seat, leg=told.to_leg))
    if seat is not None:
        held = context.dispatcher.adopt(call.id, queue, made.seat, number, talking=True)
        if held is not None:
            context.handed[call.id] = held
    context.recorder.handed(call, made.seat, queue, recorded=recorded)


def talk_over(
    context: Context, call: OpenCall, lease: Offer | None, by: EndedBy, at: datetime
) -> None:
    """The talk that runs is over; ``lease`` is the seat's that was dialled, if it was one.

    After an attended transfer that seat is long out, and the lease of the one after it ends.
    """
    talk, by = call.talk, context.inboxes.by_now(call.id, by)
    if talk is not None:
        context.ledger.note(call.id, TalkEnded(at=at, offer=talk.offer, seat=talk.seat, by=by))
    lease = context.handed.pop(call.id, None) or lease
    if lease is None and talk is not None and talk.seat:
        seat = context.dispatcher.seat(talk.seat)
        lease = seat.offer if seat.call == call.id else None
    if lease is not None:
        context.dispatcher.talk_ended(lease)


def held(context: Context, told: LegHeld | LegResumed) -> None:
    """The phone that talks with a caller pressed hold, or goes on talking."""
    call = context.ledger.open.get(told.call)
    if call is None or call.talk is None or call.talk.leg != told.leg:
        return
    on = isinstance(told, LegHeld)
    if on == call.held:
        return
    kind = TalkHeld if on else TalkTaken
    context.ledger.note(call.id, kind(at=context.clock.now(), offer=call.talk.offer))
    context.dispatcher.on_hold(call.id, held=on)
    context.recorder.held(call, on=on)


def _by_word(word: str) -> Destination:
    kind, _, name = word.partition("-")
    if kind in _WORDS and name:
        return Destination(kind=Kind(kind), name=name)
    return Destination(kind=Kind.EXTENSION, name=word)


def _by_phone(context: Context, arrival: Arrival) -> Destination:
    """What the transferring phone would have reached by dialling this; a seat before its phone."""
    dialled, by = arrival.transferred_to, arrival.transferred_by
    numbers = context.snapshot.now.numbers
    facts = Facts(source=Source.EXTENSION, caller=by, dialled=dialled)
    tables = context.snapshot.now.routing
    decided = from_extension(facts, numbers) or decide(facts, tables, context.clock.now())
    to = decided.destination
    if to.kind is Kind.EXTENSION and (seat := context.dispatcher.seat_at(to.name)) is not None:
        return Destination(kind=Kind.SEAT, name=seat.plan.number)
    return to
