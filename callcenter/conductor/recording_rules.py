"""Asks the rules about one talk: what is known of it, and what somebody said by hand (R1)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from callcenter.acd import Offer
from callcenter.calls import OpenCall, RecordingDecided, RecordingStarted
from callcenter.conductor.recorded import by_hand, decided, direction_of
from callcenter.records import (
    Direction,
    RecordingDecision,
    TalkFacts,
    decide_recording,
    part_id,
)

if TYPE_CHECKING:
    from callcenter.conductor.context import Context


@dataclass(frozen=True, kw_only=True)
class Talk:
    """Who may talk with the caller: the seats of ``offers``, or somebody ``outside`` or inside.

    ``usual`` is what the queue or line says of recording, ``shown`` the number of ours that the
    other side sees.
    """

    queue: str = ""
    offers: tuple[Offer, ...] = ()
    outside: bool = False
    usual: bool = True
    shown: str = ""


def decide(
    context: "Context", call: OpenCall, talk: Talk, seat: str, *, hand: bool = True
) -> RecordingDecision:
    """Whether ``seat`` is recorded with this caller; ``hand``: what was said by hand counts."""
    direction = direction_of(call, outside=talk.outside)
    facts = TalkFacts(
        call=call.id,
        tenant=call.tenant,
        direction=direction,
        number=number_of(call, talk, direction),
        queue=talk.queue,
        seat=seat,
    )
    rules = context.snapshot.now.recording_rules
    decision = decide_recording(rules, facts, usual=talk.usual)
    said = by_hand(call) if hand else None
    if said is None or decision.never:
        return decision
    return replace(decision, wanted=said, why="as was said by hand")


def number_of(call: OpenCall, talk: Talk, direction: Direction) -> str:
    """The number of ours that the call is about."""
    if direction is Direction.INBOUND:
        return call.offered.dialled if call.offered else ""
    return talk.shown


def note_decision(context: "Context", call: OpenCall, decision: RecordingDecision) -> None:
    """Put it on the call's record, unless it stands there already."""
    before = decided(call)
    if before is not None and (before.wanted, before.why) == (decision.wanted, decision.why):
        return
    made = RecordingDecided(
        at=context.clock.now(), wanted=decision.wanted, why=decision.why, rule=decision.rule
    )
    context.ledger.note(call.id, made)


def started(
    call: OpenCall, talk: Talk, decision: RecordingDecision, at: datetime, by: str = ""
) -> RecordingStarted:
    """The next part begins; ``by`` whom, when no rule did it."""
    part, direction = call.parts + 1, direction_of(call, outside=talk.outside)
    return RecordingStarted(
        at=at,
        path=f"raw/{part_id(call.id, part)}.wav",
        part=part,
        leg=call.leg,
        rule=decision.rule,
        direction=direction,
        number=number_of(call, talk, direction),
        keep_days=decision.keep_days,
        pause_on_hold=decision.pause_on_hold,
        by=by,
    )
