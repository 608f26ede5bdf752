"""Rings somebody who is no queue's choice: lines, extensions, outside numbers, a named seat.

One dial, one or several parties; what becomes of each is written down as an offer.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

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
    TalkStarted,
)
from callcenter.conductor.context import Context
from callcenter.conductor.ending import FAILURES, OUTCOMES
from callcenter.conductor.recorder import Talk
from callcenter.conductor.remote import confirm
from callcenter.conductor.transferring import talk_over
from callcenter.kernel.errors import PbxProblem
from callcenter.kernel.ids import new_id
from callcenter.pbx.port import (
    Channel,
    Dial,
    DialProgress,
    DialStatus,
    Hangup,
    LegAnswered,
    LegRinging,
    NodeLost,
    Outside,
    SentElsewhere,
)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Party:
    """Whom to ring. ``kind`` is line, extension, outside or seat; ``trunk`` makes it outside.

    A seat was taken before: ``offer`` is its lease.
    """

    kind: str
    number: str
    trunk: str = ""
    line: str = ""
    group: str = ""
    offer: Offer | None = None
    token: str = field(default_factory=lambda: new_id("o"))

    @property
    def target(self) -> str | Outside:
        """As the PBX wants it."""
        return Outside(number=self.number, trunk=self.trunk) if self.trunk else self.number

    @property
    def seat(self) -> str:
        """The seat's number, if it is one."""
        return self.offer.seat if self.offer else ""


class Rings:
    """One dial of one caller. ``music`` is what the caller hears, ``presents`` is shown there."""

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
    ) -> None:
        self._context = context
        self._call = call
        self._channel = channel
        self._parties = parties
        self._music = music
        self._recorded = recorded
        self._presents = presents
        self._talking: Party | None = None

    async def run(self, ring: timedelta) -> DialStatus:
        """Ring and let them talk; ``ANSWER`` when they have talked and the caller is still there.

        Raises:
            Hangup, NodeLost: as the channel does; what is known is on record then.
        """
        for party in self._parties:
            self._made(party)
        dial = Dial(
            parties=tuple(party.target for party in self._parties),
            ring=ring,
            music=self._music,
            presents=self._presents,
            confirm=confirm(self._context, tuple(p.offer for p in self._parties if p.offer)),
        )
        try:
            recorder = self._context.recorder
            told = await recorder.before(self._call, self._channel, self._talk)
            result = await self._channel.dial(replace(dial, whisper=told), self._progress)
        except Hangup:
            self._over(DialStatus.CANCELLED, EndedBy.CALLER)
            raise
        except SentElsewhere:
            self._over(DialStatus.CANCELLED, EndedBy.TRANSFER)
            raise
        except NodeLost:
            # It goes on in the PBX; seats stay taken until we know how it ended.
            held = [party.offer for party in self._parties if party.offer is not None]
            if held:
                self._context.held[self._call.id] = held
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
            offers=tuple(party.offer for party in self._parties if party.offer),
            outside=any(party.trunk for party in self._parties),
            usual=self._recorded,
            shown=self._presents,
        )

    def _made(self, party: Party) -> None:
        self._context.ledger.note(
            self._call.id,
            OfferMade(
                at=self._context.clock.now(),
                offer=party.token,
                queue="",
                seat=party.seat,
                extension=party.number,
                kind=party.kind,
                group=party.group,
                line=party.line,
            ),
        )

    def _progress(self, step: DialProgress) -> None:
        note, call = self._context.ledger.note, self._call.id
        match step:
            case LegRinging():
                for party in self._parties:
                    note(call, OfferRang(at=step.at, offer=party.token, leg=step.leg))
            case LegAnswered():
                self._answered(step)

    def _answered(self, step: LegAnswered) -> None:
        context, call, note = self._context, self._call.id, self._context.ledger.note
        winner = next((p for p in self._parties if p.number == step.party), self._parties[0])
        self._talking = winner
        for party in self._parties:
            if party is not winner:
                self._failed(party, OfferOutcome.WITHDRAWN, step.at)
        if not self._call.answered:
            note(call, Answered(at=step.at))
        if winner.offer is not None and not context.dispatcher.answered(winner.offer):
            _log.error("answered without holding the seat", call=call, seat=winner.seat)
        ended = OfferOutcome.ANSWERED
        note(call, OfferEnded(at=step.at, offer=winner.token, seat=winner.seat, outcome=ended))
        note(call, TalkStarted(at=step.at, offer=winner.token, seat=winner.seat, leg=step.leg))
        context.recorder.answered(self._call, winner.seat)

    def _failed(self, party: Party, outcome: OfferOutcome, at: datetime) -> None:
        self._context.ledger.note(
            self._call.id,
            OfferEnded(at=at, offer=party.token, seat=party.seat, outcome=outcome),
        )
        if party.offer is not None:
            failure = FAILURES.get(outcome, OfferFailure.WITHDRAWN)
            self._context.dispatcher.failed(party.offer, failure)

    def _over(self, status: DialStatus, by: EndedBy) -> None:
        context, now, talked = self._context, self._context.clock.now(), self._talking
        if talked is None:
            for party in self._parties:
                self._failed(party, OUTCOMES[status], now)
            return
        talk_over(context, self._call, talked.offer, by, now)
