"""A running call: a fold of its events, and where it is, derived. Pure."""

from datetime import datetime
from enum import StrEnum

import msgspec

from callcenter.calls.model import (
    Answered,
    AnyCallEvent,
    CallbackAsked,
    CallbackDialled,
    NodeEntered,
    Offered,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OfferRang,
    PlaceRegained,
    Prioritised,
    QueueJoined,
    QueueLeft,
    Resumed,
    Routed,
    Sent,
    TalkEnded,
    TalkHeld,
    TalkStarted,
    TalkTaken,
)
from callcenter.calls.recorded import (
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
    RecordingStopped,
)
from callcenter.pbx.port import LegId


class CallState(StrEnum):
    """Where a running call is, for lists."""

    ARRIVING = "arriving"
    IN_FLOW = "in_flow"
    WAITING = "waiting"
    RINGING = "ringing"
    TALKING = "talking"
    CALLBACK = "callback"  # hung up, keeps the place and is to be called back
    ON_HOLD = "on_hold"
    RETURNING = "returning"  # the engine was away; the PBX has not handed it back yet


class OpenCall:
    """A call that has not ended: its events and what follows from them."""

    def __init__(self, call: str, first_position: int) -> None:
        self.id = call
        self.first_position = first_position
        self.events: list[AnyCallEvent] = []
        self.offered: Offered | None = None
        self.tenant = ""
        self.routed: Routed | None = None
        self.answered = False
        self.node: NodeEntered | None = None
        self.queue: QueueJoined | None = None
        self.place: datetime | None = None  # from when the place in the queue counts
        self.callback: CallbackAsked | None = None  # waits without a channel
        self.called_back = False
        self.offers: dict[str, OfferMade] = {}
        self.rang: OfferRang | None = None
        self.talk: TalkStarted | None = None
        self.held = False
        self._leg = LegId("")
        self.recording: RecordingStarted | None = None
        self.parts = 0  # of the recording, begun so far
        self.paused: RecordingPaused | None = None

    @property
    def leg(self) -> LegId:
        """The caller's channel."""
        return self._leg

    @property
    def offer(self) -> OfferMade | None:
        """Who talks, or the newest of those who are rung."""
        if self.talk is not None and (talking := self.offers.get(self.talk.offer)):
            return talking
        return next(reversed(self.offers.values()), None)

    @property
    def state(self) -> CallState:
        """Derived, never stored."""
        if self.talk:
            return CallState.ON_HOLD if self.held else CallState.TALKING
        if self.offer:
            return CallState.RINGING
        if self.callback:
            return CallState.CALLBACK
        if self.queue:
            return CallState.WAITING
        return CallState.IN_FLOW if self.answered else CallState.ARRIVING

    def apply(self, event: AnyCallEvent) -> None:  # noqa: PLR0912 - one case per event kind
        """Take one more event."""
        self.events.append(event)
        match event:
            case Offered():
                self.offered, self.tenant = event, event.tenant
                self._leg = event.leg
            case Resumed() | Sent():
                self._leg = event.leg  # another one, when a party that we dialled was transferred
                self.callback = None if self.called_back else self.callback
            case Routed():
                self.routed, self.tenant = event, event.tenant
                self.node = None  # a flow begins anew
            case Answered():
                self.answered = True
            case NodeEntered():
                self.node = event
            case QueueJoined():
                self.queue, self.place = event, event.at
            case CallbackAsked():
                self.callback, self.called_back = event, False
            case CallbackDialled():
                self.called_back = True
            case Prioritised() if self.queue is not None:
                joined = msgspec.structs.replace(self.queue, priority=event.priority)
                self.queue = joined
            case PlaceRegained():
                self.place = event.since
            case OfferMade():
                self.offers[event.offer] = event
                self.rang = None
            case OfferRang():
                self.rang = event
            case OfferEnded(outcome=outcome) if outcome != OfferOutcome.ANSWERED:
                self.offers.pop(event.offer, None)
                self.rang = self.rang if self.offers else None
            case TalkStarted():
                self.talk = event
            case TalkEnded():
                self.talk = self.rang = None
                self.held = False
                self.offers.clear()
            case TalkHeld():
                self.held = True
            case TalkTaken():
                self.held = False
            case QueueLeft():
                self.queue = None
            case _:
                self._recorded(event)

    def _recorded(self, event: AnyCallEvent) -> None:
        match event:
            case RecordingStarted():
                self.recording, self.paused = event, None
                self.parts = event.part
            case RecordingPaused():
                self.paused = event
            case RecordingResumed():
                self.paused = None
            case RecordingStopped():
                self.recording = self.paused = None
            case _:
                pass
