"""One dial of one caller: to a queue's seat or several (Q1, Q6, Q10), a line, an extension, ...

What becomes of each party goes to the journal and, where it is a seat, to the dispatcher. The
first to answer has the call, or whoever picks up for one of them (S2).
"""

from asyncio import CancelledError
from datetime import datetime, timedelta

import structlog

from callcenter.acd import OfferFailure
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
from callcenter.conductor.party import Party, seated
from callcenter.conductor.recording_rules import Talk
from callcenter.conductor.remote import confirm
from callcenter.conductor.transferring import talk_over
from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.port import (
    Channel,
    Dial,
    DialProgress,
    DialStatus,
    Hangup,
    LegAnswered,
    LegId,
    LegRefused,
    LegRinging,
    NodeLost,
    Prompt,
    SentElsewhere,
)

_log = structlog.get_logger(__name__)
_APART_SECONDS = 70.0
"""A whisper and a confirmation take a minute at most (port); the lease outlives them."""


class Ringing:
    """``music`` is what the caller hears, ``whisper`` what hears whoever answers; ``presents`` is
    the number shown there."""

    def __init__(
        self,
        context: Context,
        call: OpenCall,
        channel: Channel,
        parties: tuple[Party, ...],
        *,
        music: str,
        recorded: bool,
        presents: str = "",
        whisper: tuple[Prompt, ...] = (),
    ) -> None:
        self._context = context
        self._call = call
        self._channel = channel
        self._parties = parties
        self._music = music
        self._recorded = recorded
        self._presents = presents
        self._whisper = whisper
        leases = tuple(party.offer for party in parties if party.offer)
        self._confirm = confirm(context, leases)
        self._out = list(parties)  # may still answer
        self._legs: dict[str, LegId] = {}  # of those that ring, by token
        self._talking: Party | None = None

    async def run(self, ring: timedelta) -> DialStatus:
        """Ring and let them talk; ``ANSWER`` when they have talked and the caller is still there.

        Raises:
            Hangup, NodeLost: as the channel does; what is known is on record then.
        """
        self._context.ringing[self._call.id] = self
        try:
            return await self._run(ring)
        finally:
            if self._context.ringing.get(self._call.id) is self:
                del self._context.ringing[self._call.id]

    # -- a colleague picks up -----------------------------------------------------------------

    @property
    def tenant(self) -> str:
        """Whose call it is."""
        return self._call.tenant

    @property
    def rings(self) -> list[tuple[LegId, Party]]:
        """What rings now and may be picked up."""
        if self._talking is not None:
            return []
        return [(self._legs[p.token], p) for p in self._out if p.token in self._legs]

    def lend(self, party: Party, extension: str) -> Party | None:
        """The phone at this extension is about to pick up what rings at ``party``.

        ``None``: the agent there is on a call. Else give it back unless it was picked up.
        """
        seat = self._context.dispatcher.seat_at(extension)
        if seat is None:
            lent = Party(
                kind="extension", number=extension, picks_up=party.token, serves=party.queue
            )
        else:
            offer = self._context.dispatcher.pick_up(
                seat.plan.number, self._call.id, party.offer, seconds=_APART_SECONDS
            )
            if offer is None:
                return None
            token = party.token
            lent = Party(
                kind="seat", number=extension, offer=offer, token=offer.token, picks_up=token
            )
        self._made(lent)
        self._out.append(lent)
        return lent

    def give_back(self, lent: Party) -> None:
        """It was not picked up."""
        if lent in self._out:
            self._failed(lent, OfferOutcome.WITHDRAWN, self._context.clock.now())

    # -- inside -------------------------------------------------------------------------------

    async def _run(self, ring: timedelta) -> DialStatus:
        for party in self._parties:
            self._made(party)
        if self._whisper or self._confirm:
            for party in self._parties:
                if party.offer is not None:
                    seconds = ring.total_seconds() + _APART_SECONDS
                    self._context.dispatcher.renew(party.offer, seconds)
        try:
            recorder, channel = self._context.recorder, self._channel
            told = await recorder.before(self._call, channel, self._talk, self._music)
            result = await channel.dial(self._dial(ring, told), self._progress)
        except Hangup:
            self._over(DialStatus.CANCELLED, EndedBy.CALLER)
            raise
        except SentElsewhere:
            self._over(DialStatus.CANCELLED, EndedBy.TRANSFER)
            raise
        except (NodeLost, CancelledError):  # somebody else goes on with the call
            self._left_to_pbx()
            raise
        except PbxProblem as problem:
            _log.error("cannot be dialled", call=self._call.id, why=str(problem))
            self._over(DialStatus.UNREACHABLE, EndedBy.ENGINE)
            return DialStatus.UNREACHABLE
        except BaseException:
            self._over(DialStatus.CANCELLED, EndedBy.ENGINE)
            raise
        self._over(result.status, EndedBy.SEAT)
        return result.status

    @property
    def _talk(self) -> Talk:
        return Talk(
            queue=self._parties[0].queue,
            offers=tuple(party.offer for party in self._parties if party.offer),
            outside=any(party.trunk for party in self._parties if not party.queue),
            usual=self._recorded,
            shown=self._presents,
        )

    def _dial(self, ring: timedelta, told: tuple[Prompt, ...]) -> Dial:
        return Dial(
            parties=tuple(party.target for party in self._parties),
            ring=ring,
            music=self._music,
            presents=self._presents,
            confirm=self._confirm,
            whisper=(*told, *self._whisper),
        )

    def _left_to_pbx(self) -> None:
        """It goes on there; seats stay taken until we know how it ended."""
        rung = [self._talking] if self._talking else self._out
        if held := [party.offer for party in rung if party.offer is not None]:
            self._context.held[self._call.id] = held

    def _made(self, party: Party) -> None:
        self._context.ledger.note(
            self._call.id,
            OfferMade(
                at=self._context.clock.now(),
                offer=party.token,
                queue=party.queue,
                seat=party.seat,
                extension=party.extension,
                kind=party.kind,
                group=party.group,
                line=party.line,
                picks_up=party.picks_up,
            ),
        )

    def _progress(self, step: DialProgress) -> None:
        match step:
            case LegRinging():
                for party in self._at(step.party):
                    self._legs[party.token] = step.leg
                    rang = OfferRang(at=step.at, offer=party.token, leg=step.leg)
                    self._context.ledger.note(self._call.id, rang)
            case LegRefused():
                for party in self._at(step.party):
                    self._failed(party, OUTCOMES[step.status], step.at)
            case LegAnswered():
                self._answered(step)

    def _at(self, number: str) -> list[Party]:
        """Who is meant; everybody when that is not known."""
        return [party for party in self._out if not number or party.number == number]

    def _answered(self, step: LegAnswered) -> None:
        context, call, note = self._context, self._call.id, self._context.ledger.note
        winner = next(iter([*self._at(step.party), *self._out, *self._parties]))
        self._talking = context.answered[step.leg] = winner
        if not self._call.answered:  # a colour ring was heard until now
            note(call, Answered(at=step.at))
        if winner.offer is not None and not context.dispatcher.answered(winner.offer):
            _log.error("answered without holding the seat", call=call, seat=winner.seat)
        for party in [party for party in self._out if party is not winner]:
            if winner.offer is None and party.offer is not None:
                context.dispatcher.served(party.offer)
            self._failed(party, OfferOutcome.WITHDRAWN, step.at)
        self._ended(winner, OfferOutcome.ANSWERED, step.at)
        if winner.queue:
            note(call, QueueLeft(at=step.at, queue=winner.queue, by=QueueLeftBy.ANSWERED))
        note(call, TalkStarted(at=step.at, offer=winner.token, seat=winner.seat, leg=step.leg))
        context.recorder.answered(self._call, winner.seat)
        if winner.picks_up:
            context.recorder.handed(self._call, winner.seat, winner.queue)

    def _failed(self, party: Party, outcome: OfferOutcome, at: datetime) -> None:
        """Rings no more."""
        self._out.remove(party)
        self._ended(party, outcome, at)
        if party.offer is not None:
            failure = FAILURES.get(outcome, OfferFailure.WITHDRAWN)
            self._context.dispatcher.failed(party.offer, failure)

    def _ended(self, party: Party, outcome: OfferOutcome, at: datetime) -> None:
        ended = OfferEnded(at=at, offer=party.token, seat=party.seat, outcome=outcome)
        self._context.ledger.note(self._call.id, ended)

    def _over(self, status: DialStatus, by: EndedBy) -> None:
        now, talked = self._context.clock.now(), self._talking
        if talked is not None:
            talk_over(self._context, self._call, talked.offer, by, now)
            return
        for party in list(self._out):
            self._failed(party, OUTCOMES[status], now)


__all__ = ["Party", "Ringing", "seated"]
