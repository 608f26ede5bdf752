"""Legs of a CDR: the caller's channel, and each ring with the talk that came of it. Pure."""

from dataclasses import dataclass
from datetime import datetime

from callcenter.calls.cdr import Cdr, CdrLeg
from callcenter.calls.model import (
    Answered,
    AnyCallEvent,
    CallEnded,
    Offered,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OfferRang,
    TalkEnded,
    TalkHeld,
    TalkStarted,
    TalkTaken,
)


@dataclass(kw_only=True)
class _Talk:
    """A talk that runs."""

    leg: CdrLeg
    since: datetime
    held_since: datetime | None = None


class Rings:
    """Folds events into ``cdr.legs``, the caller's first; sums up talk and hold."""

    def __init__(self, cdr: Cdr, first: Offered) -> None:
        self._cdr = cdr
        self._caller = CdrLeg(kind="caller", endpoint=first.endpoint, started_at=first.at)
        cdr.legs.append(self._caller)
        self._legs: dict[str, CdrLeg] = {}
        self._talks: dict[str, _Talk] = {}
        self.talked = False

    def of(self, offer: str) -> CdrLeg | None:
        """The leg of an offer."""
        return self._legs.get(offer)

    def take(self, event: AnyCallEvent) -> None:
        """One more event."""
        match event:
            case OfferMade():
                self._made(event)
            case OfferRang() if leg := self._legs.get(event.offer):
                leg.rang_at = leg.rang_at or max(leg.started_at, event.at)
            case OfferEnded() if leg := self._legs.get(event.offer):
                self._ended(leg, event.outcome, event.at)
            case TalkStarted() if leg := self._legs.get(event.offer):
                self._talks_with(leg, event)
            case TalkHeld() if talk := self._talks.get(event.offer):
                talk.held_since = talk.held_since or event.at
            case TalkTaken() if talk := self._talks.get(event.offer):
                _taken(talk, event.at)
            case TalkEnded():
                self._talk_over(event.offer, event.at, event.by.value)
            case Answered():
                self._caller.answered_at = event.at
            case CallEnded():
                self._call_over(event)
            case _:
                pass

    def _made(self, event: OfferMade) -> None:
        leg = CdrLeg(
            kind=event.kind,
            endpoint=event.extension,
            seat=event.seat,
            offer=event.offer,
            queue=event.queue,
            started_at=event.at,
        )
        self._legs[event.offer] = leg
        self._cdr.legs.append(leg)

    def _ended(self, leg: CdrLeg, outcome: OfferOutcome, at: datetime) -> None:
        if leg.outcome:  # told once by the script and once by who found it over
            return
        leg.outcome = outcome.value
        if outcome is not OfferOutcome.ANSWERED:
            leg.ended_at = max(leg.started_at, at)

    def _talks_with(self, leg: CdrLeg, event: TalkStarted) -> None:
        since = max(leg.started_at, event.at)
        self._talks.setdefault(event.offer, _Talk(leg=leg, since=since))
        leg.answered_at = leg.answered_at or since
        leg.outcome, leg.ended_at = OfferOutcome.ANSWERED.value, None
        self._cdr.seat = event.seat or self._cdr.seat
        self.talked = True

    def _talk_over(self, offer: str, at: datetime, by: str) -> None:
        talk = self._talks.pop(offer, None)
        if talk is None:
            return
        at = max(talk.since, at)
        _taken(talk, at)
        leg, seconds = talk.leg, (at - talk.since).total_seconds()
        leg.talk_seconds += seconds
        leg.hold_seconds = min(leg.hold_seconds, leg.talk_seconds)
        leg.ended_at, leg.ended_by = at, by
        self._cdr.talk_seconds += seconds
        self._cdr.hold_seconds = sum(each.hold_seconds for each in self._cdr.legs)

    def _call_over(self, event: CallEnded) -> None:
        """What is still open ends with the call."""
        for offer in list(self._talks):
            self._talk_over(offer, event.at, event.by.value)
        for leg in self._legs.values():
            if leg.ended_at is None:
                leg.outcome = leg.outcome or OfferOutcome.CALLER_GONE.value
                leg.ended_at = max(leg.started_at, event.at)
        self._caller.ended_at = self._cdr.ended_at
        self._caller.outcome = self._caller.ended_by = event.by.value


def _taken(talk: _Talk, at: datetime) -> None:
    """What was held is held no more."""
    since, talk.held_since = talk.held_since, None
    if since is not None:
        talk.leg.hold_seconds += max(0.0, (at - max(talk.since, since)).total_seconds())
