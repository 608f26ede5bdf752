"""What a part of a call's recording is about, out of the call's own events. Pure."""

from collections.abc import Sequence
from datetime import datetime

from callcenter.calls import (
    OfferMade,
    OpenCall,
    RecordingAnnounced,
    RecordingDecided,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
    RecordingStopped,
    TalkEnded,
    TalkStarted,
)
from callcenter.pbx.port import Source
from callcenter.records import Direction, Part, Pause, part_id


def part_of(call: OpenCall, started: RecordingStarted, until: datetime) -> Part:
    """The part that began with ``started``, as it is to be kept."""
    offered = call.offered
    talks = _talks(call, started)
    return Part(
        call=call.id,
        part=started.part,
        tenant=call.tenant,
        direction=started.direction,
        caller=offered.caller if offered else "",
        number=started.number,
        started_at=talks[0].at if talks else started.at,
        ended_at=until,
        rule=started.rule,
        announced=was_announced(call),
        keep_days=started.keep_days,
        seats=tuple(dict.fromkeys(talk.seat for talk in talks if talk.seat)),
        queues=tuple(dict.fromkeys(queue for talk in talks if (queue := _queue(call, talk)))),
        pauses=_pauses(call, started),
    )


def talked(call: OpenCall, started: RecordingStarted) -> bool:
    """Whether anybody talked while it ran, as far as we know."""
    return bool(_talks(call, started))


def parts_of(call: OpenCall) -> list[str]:
    """Names of all parts begun so far."""
    events = [event for event in call.events if isinstance(event, RecordingStarted)]
    return [part_id(call.id, event.part) for event in events]


def was_announced(call: OpenCall) -> bool:
    """Whether the caller, or who was called, was told."""
    return any(isinstance(event, RecordingAnnounced) for event in call.events)


def by_hand(call: OpenCall) -> bool | None:
    """What somebody said by hand, last: recorded or not; ``None``: nothing, the rules decide."""
    for event in reversed(call.events):
        if isinstance(event, RecordingStarted | RecordingStopped) and event.by:
            return isinstance(event, RecordingStarted)
    return None


def decided(call: OpenCall) -> RecordingDecided | None:
    """The newest decision."""
    events = (event for event in reversed(call.events) if isinstance(event, RecordingDecided))
    return next(events, None)


def direction_of(call: OpenCall, *, outside: bool) -> Direction:
    """Which way the call goes; ``outside``: somebody outside is called."""
    source = call.offered.source if call.offered else Source.TRUNK
    if source == Source.TRUNK:
        return Direction.INBOUND
    return Direction.OUTBOUND if outside or source == Source.ORIGINATED else Direction.INSIDE


def _talks(call: OpenCall, started: RecordingStarted) -> list[TalkStarted]:
    """Talks that it may have in it: those since, and the one that ran when it began."""
    running: TalkStarted | None = None
    found: list[TalkStarted] = []
    begun = False
    for event in call.events:
        if event is started:
            begun = True
            found = [running] if running else []
        elif isinstance(event, TalkStarted):
            running = event
            found += [event] if begun else []
        elif isinstance(event, TalkEnded):
            running = None
        elif isinstance(event, RecordingStopped) and begun and event.part == started.part:
            break
    return found


def _queue(call: OpenCall, talk: TalkStarted) -> str:
    offers = (event for event in call.events if isinstance(event, OfferMade))
    return next((offer.queue for offer in offers if offer.offer == talk.offer), "")


def _pauses(call: OpenCall, started: RecordingStarted) -> tuple[Pause, ...]:
    since: Sequence[object] = call.events[call.events.index(started) :]
    found: list[Pause] = []
    paused: RecordingPaused | None = None
    for event in since:
        if isinstance(event, RecordingStopped) and event.part == started.part:
            break
        if isinstance(event, RecordingPaused):
            paused = paused or event
        elif isinstance(event, RecordingResumed) and paused is not None:
            found.append(Pause(at=paused.at, by=paused.by, until=event.at))
            paused = None
    if paused is not None:
        found.append(Pause(at=paused.at, by=paused.by))
    return tuple(found)
