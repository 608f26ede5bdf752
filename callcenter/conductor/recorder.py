"""Records talks: asks the rules before each, has the PBX record, pauses, ends, hands over (R1).

Before a dial it works on the caller's own channel, in the middle of a talk over the PBX's control
connection. Each talk is a part of its own: a MixMonitor that lives through a transfer often has
nothing but silence of whoever comes next (docs/decisions/0075).
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

from callcenter.calls import (
    Answered,
    OpenCall,
    RecordingAnnounced,
    RecordingEnded,
    RecordingPaused,
    RecordingResumed,
    RecordingSkipped,
    RecordingStopped,
)
from callcenter.conductor.recorded import (
    direction_of,
    part_of,
    parts_of,
    talked,
    was_announced,
)
from callcenter.conductor.recording_rules import Talk, decide, note_decision, started
from callcenter.kernel.errors import CallCenterError, NotFound, PbxProblem, Refused
from callcenter.pbx.port import Channel, PauseKey, Pbx, Prompt
from callcenter.records import (
    Direction,
    RecordingDecision,
    RecordingKept,
    part_id,
)

if TYPE_CHECKING:
    from callcenter.conductor.context import Context

_log = structlog.get_logger(__name__)
_NOTICE_SECONDS = 90.0  # a seat that was taken already is held while the caller is told
_KEEP_SECONDS = 3.0  # a call's last entry waits so long for its recording, not longer
HOLD = "hold"


class Recorder:
    """The recorder of all calls of one engine."""

    def __init__(self, context: "Context", pbx: Pbx) -> None:
        self._context, self._pbx = context, pbx
        self._open: dict[str, dict[str, RecordingDecision]] = {}  # by call: depends on who answers
        self._tasks: set[asyncio.Task[None]] = set()

    # -- around a dial ------------------------------------------------------------------------

    async def before(
        self, call: OpenCall, channel: Channel, talk: Talk, music: str
    ) -> tuple[Prompt, ...]:
        """Decide for the talk that is about to be dialled, and have it recorded or not.

        A caller who comes from another talk hears ``music`` meanwhile: the PBX takes a moment to
        end that recording. Returns what whoever is called hears before being joined.

        Raises:
            Hangup, NodeLost: as the channel does.
        """
        self._open.pop(call.id, None)
        if music and call.recording is not None and talked(call, call.recording):
            await channel.music(music)
        seats = [offer.seat for offer in talk.offers] or [""]
        made = {seat: decide(self._context, call, talk, seat) for seat in seats}
        first = made[seats[0]]
        if len({one.wanted for one in made.values()}) > 1:
            self._open[call.id] = made
            await self._stop_here(call, channel)
            return ()
        note_decision(self._context, call, first)
        if not first.wanted:
            await self._stop_here(call, channel)
            return ()
        whisper = await self._announce(call, channel, talk, first)
        await self._start_here(call, channel, talk, first)
        return whisper

    async def announce(self, call: OpenCall, channel: Channel, queue: str, *, usual: bool) -> None:
        """Tell a caller who comes to a queue, before the waiting, if its rule wants that."""
        talk = Talk(queue=queue, usual=usual)
        decision = decide(self._context, call, talk, "")
        if decision.wanted:
            await self._announce(call, channel, talk, decision)

    def answered(self, call: OpenCall, seat: str) -> None:
        """This one of several has the call; the rules may differ between them."""
        decision = self._open.pop(call.id, {}).get(seat)
        if decision is not None:
            note_decision(self._context, call, decision)
            if decision.wanted:
                self._spawn(self._start_there(call, decision, Talk()))

    def handed(
        self, call: OpenCall, seat: str, queue: str, *, recorded: bool | None = None
    ) -> None:
        """The caller talks with another seat than was thought; the rules may differ for it.

        ``recorded`` after :meth:`leaving`, by an attended transfer: what that said.
        """
        usual = call.recording is not None if recorded is None else recorded
        talk = Talk(queue=queue, usual=usual)
        decision = decide(self._context, call, talk, seat)
        note_decision(self._context, call, decision)
        if recorded is not None:
            self._spawn(self._next_part(call, decision, talk))
        elif call.recording is not None and not decision.wanted:
            self._spawn(self._stop_there(call))
        elif call.recording is None and decision.wanted:
            self._spawn(self._start_there(call, decision, talk))

    def leaving(self, call: OpenCall) -> bool:
        """Whoever talks with the caller leaves them to somebody else; whether it was recorded."""
        recorded = call.recording is not None
        self._finish(call)
        return recorded

    async def _next_part(self, call: OpenCall, decision: RecordingDecision, talk: Talk) -> None:
        await self._pbx_stops(call)
        if decision.wanted:
            await self._start_there(call, decision, talk)

    def held(self, call: OpenCall, *, on: bool) -> None:
        """The seat put the caller on hold, or took them back."""
        if call.recording is None or not call.recording.pause_on_hold:
            return
        if on and call.paused is None:
            self._spawn(self.pause(call.id, HOLD))
        elif not on and call.paused is not None and call.paused.by == HOLD:
            self._spawn(self.resume(call.id, HOLD))

    # -- by hand ------------------------------------------------------------------------------

    async def pause(self, call: str, by: str) -> None:
        """Leave out what is said from now on.

        Raises:
            NotFound: there is no such call.
            Refused: nothing of it is recorded now.
        """
        found = self._recorded(call)
        if found.paused is None:
            if not await self._pbx.pause_recording(found.leg):
                raise Refused(f"The PBX records nothing of call {call}.")
            self._note(found, RecordingPaused(at=self._now, by=by))

    async def resume(self, call: str, by: str) -> None:
        """Record again; raises as :meth:`pause`."""
        found = self._recorded(call)
        if found.paused is not None:
            if not await self._pbx.resume_recording(found.leg):
                raise Refused(f"The PBX records nothing of call {call}.")
            self._note(found, RecordingResumed(at=self._now, by=by))

    async def key(self, told: PauseKey) -> None:
        """An agent's key; only who talks counts, and the agent is told what became of it."""
        call = self._context.ledger.open.get(told.call)
        own = direction_of(call, outside=False) if call else Direction.INBOUND
        if call is None or call.talk is None:
            return
        if told.leg != call.talk.leg and (told.leg != call.leg or own is Direction.INBOUND):
            return
        seat = call.talk.seat
        by = f"the telephone of seat {seat}" if seat else "a telephone"
        try:
            await (self.pause if told.pause else self.resume)(call.id, by)
            word = "recording-paused" if told.pause else "recording-resumed"
        except CallCenterError:
            word = "not-now"
        with suppress(CallCenterError):
            await self._pbx.say(told.leg, [Prompt(f"{self._tongue(call)}/{word}")], both=False)

    async def start(self, call: str, by: str) -> None:
        """Record from now on, unless a rule says never.

        Raises:
            NotFound: there is no such call.
            Refused: a rule forbids it, or nothing can be recorded.
        """
        found = self._found(call)
        if found.recording is not None:
            return
        seat = found.talk.seat if found.talk else ""
        queue = found.offer.queue if found.offer else ""
        decision = decide(self._context, found, Talk(queue=queue), seat, hand=False)
        if decision.never:
            raise Refused(f"Call {call} must not be recorded: {decision.why}.")
        decision = replace(decision, wanted=True)
        await self._start_there(found, decision, Talk(queue=queue), by=by)
        if found.recording is None:
            raise Refused(f"Call {call} cannot be recorded: {self._context.recordings.trouble}.")

    async def stop(self, call: str, by: str) -> None:
        """Record no more of this call; raises as :meth:`pause`."""
        await self._stop_there(self._recorded(call), by=by)

    # -- the end ------------------------------------------------------------------------------

    async def close(self, call: OpenCall) -> None:
        """The call is over: hand over what runs, wait a moment until all its parts are kept."""
        self._open.pop(call.id, None)
        await self._ended(call)
        await self._context.recordings.settled(parts_of(call), _KEEP_SECONDS)

    def kept(self, told: RecordingKept) -> bool:
        """A part is kept; whether its call was still open to be told."""
        call = self._context.ledger.open.get(told.part.call)
        if call is None:
            return False
        if told.kept.path:
            self._note(
                call,
                RecordingEnded(
                    at=self._now,
                    path=told.kept.path,
                    part=told.part.part,
                    seconds=told.kept.seconds,
                    caller_rms=told.kept.caller_rms,
                    seat_rms=told.kept.seat_rms,
                    sha256=told.kept.sha256,
                ),
            )
        return True

    # -- telling ------------------------------------------------------------------------------

    async def _announce(
        self, call: OpenCall, channel: Channel, talk: Talk, decision: RecordingDecision
    ) -> tuple[Prompt, ...]:
        """Whoever is outside is told, once: the caller, or who is called (before being joined).

        A caller is answered for it: what is said before an answer need not reach anybody.
        """
        if not decision.announce or was_announced(call):
            return ()
        notice = Prompt(f"{self._tongue(call)}/recording-notice")
        if direction_of(call, outside=talk.outside) is not Direction.INBOUND:
            self._note(call, RecordingAnnounced(at=self._now))
            return (notice,)
        for offer in talk.offers:
            self._context.dispatcher.renew(offer, _NOTICE_SECONDS + offer.ring.total_seconds())
        await channel.answer()
        if not call.answered:
            self._note(call, Answered(at=self._now))
        await channel.play([notice])
        self._note(call, RecordingAnnounced(at=self._now))
        return ()

    # -- the PBX ------------------------------------------------------------------------------

    async def _start_here(
        self, call: OpenCall, channel: Channel, talk: Talk, decision: RecordingDecision
    ) -> None:
        """On the caller's own channel, which nobody has dialled from yet."""
        running = call.recording
        if running is not None:
            unused = not talked(call, running) and call.paused is None
            if unused and running.leg == channel.arrival.leg:
                return
            await self._pbx_stops(call)
            await self._ended(call)
        name = await self._room(call)
        if not name:
            return
        self._note(call, started(call, talk, decision, self._now))
        try:
            await channel.record(self._context.recordings.raw(name))
        except PbxProblem as problem:
            self._failed(call, str(problem))
            raise

    async def _start_there(
        self, call: OpenCall, decision: RecordingDecision, talk: Talk, by: str = ""
    ) -> None:
        """In the middle of a talk."""
        name = await self._room(call)
        if not name or call.recording is not None or call.id not in self._context.ledger.open:
            return
        self._note(call, started(call, talk, decision, self._now, by))
        try:
            if not await self._pbx.record(call.leg, self._context.recordings.raw(name)):
                self._failed(call, "the PBX does not know the call")
        except PbxProblem as problem:
            self._failed(call, str(problem))

    async def _room(self, call: OpenCall) -> str:
        """Name of the next part; ``""`` when nothing can be recorded, which is on record then."""
        why = await self._context.recordings.why_not()
        if not why:
            return part_id(call.id, call.parts + 1)
        self._skipped(call, why)
        return ""

    async def _stop_here(self, call: OpenCall, channel: Channel) -> None:
        if call.recording is not None:
            await self._pbx_stops(call)
            await channel.stop_recording()
            await self._ended(call)

    async def _stop_there(self, call: OpenCall, by: str = "") -> None:
        await self._pbx_stops(call)
        await self._ended(call, by)

    async def _pbx_stops(self, call: OpenCall) -> None:
        try:
            await self._pbx.stop_recording(call.leg)
        except PbxProblem as problem:
            _log.warning("a recording could not be stopped", call=call.id, why=str(problem))

    async def _ended(self, call: OpenCall, by: str = "") -> None:
        """What ran is over; keep it, if there is anything."""
        started = call.recording
        if started is None:
            return
        part, worth = part_of(call, started, self._now), talked(call, started)
        self._finish(call, by)
        if not worth and await self._context.recordings.has_sound(part.id):
            self._context.recordings.hand_over(part)

    def _finish(self, call: OpenCall, by: str = "") -> None:
        """Hand over first: should we die now, the next engine keeps it."""
        started, now = call.recording, self._now
        if started is None:
            return
        if talked(call, started):
            self._context.recordings.hand_over(part_of(call, started, now))
        self._note(call, RecordingStopped(at=now, part=started.part, by=by))

    def _failed(self, call: OpenCall, why: str) -> None:
        if call.recording is not None:
            self._note(call, RecordingStopped(at=self._now, part=call.recording.part))
        self._skipped(call, why)

    def _skipped(self, call: OpenCall, why: str) -> None:
        _log.error("cannot record", call=call.id, why=why)
        self._context.recordings.skip()
        self._note(call, RecordingSkipped(at=self._now, why=why))

    # -- inside -------------------------------------------------------------------------------

    @property
    def _now(self) -> datetime:
        return self._context.clock.now()

    def _tongue(self, call: OpenCall) -> str:
        tenant = self._context.snapshot.now.numbers.tenants.get(call.tenant)
        return tenant.language if tenant else "en"

    def _note(self, call: OpenCall, event: Any) -> None:
        if call.id in self._context.ledger.open:
            self._context.ledger.note(call.id, event)

    def _found(self, call: str) -> OpenCall:
        found = self._context.ledger.open.get(call)
        if found is None:
            raise NotFound(f"There is no running call {call}.")
        return found

    def _recorded(self, call: str) -> OpenCall:
        found = self._found(call)
        if found.recording is None:
            raise Refused(f"Call {call} is not being recorded.")
        return found

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except CallCenterError as error:
        _log.warning("a recording could not be changed", why=str(error))
