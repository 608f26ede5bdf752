"""The conductor: a task per call, events to whom they concern, belief compared with the PBX."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from callcenter.calls import CallEnded, EndedBy, OpenCall, TalkEnded, TalkStarted
from callcenter.calls.ledger import CallNote
from callcenter.conductor import texting, transferring
from callcenter.conductor.callback import Callbacks
from callcenter.conductor.conferring import Conferring
from callcenter.conductor.context import Context
from callcenter.conductor.ending import close, seen_answered, settle_dial
from callcenter.conductor.inbox import Inboxes
from callcenter.conductor.lamps import Lamps
from callcenter.conductor.listening import ListeningIn
from callcenter.conductor.recorder import Recorder
from callcenter.conductor.session import Session
from callcenter.conductor.stepping import Stepping
from callcenter.kernel.errors import CallCenterError
from callcenter.kernel.ids import new_id
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import (
    Channel,
    DeviceChanged,
    Ended,
    LegEnded,
    LegHeld,
    LegResumed,
    LinkDown,
    LinkUp,
    MessageReceived,
    PauseKey,
    Pbx,
    PbxEvent,
    Transferred,
)

_log = structlog.get_logger(__name__)
_RECONCILE_SECONDS = 10.0
_SCRIPT_ENDS_SECONDS = 2.0
_LINK_GRACE_SECONDS = 5.0


class Conductor:
    """Runs the calls of one PBX node."""

    def __init__(self, context: Context, pbx: Pbx) -> None:
        self._context = context
        self._pbx = pbx
        context.callbacks = Callbacks(context, pbx)
        context.recorder = Recorder(context, pbx)
        self.listening = ListeningIn(context, pbx)
        self.conferring = Conferring(context, pbx, self.listening)
        self.stepping = Stepping(context, pbx, self.listening)
        self.lamps = Lamps(context, pbx)
        context.mailbox.on_change = self.lamps.changed_elsewhere
        self._sessions: dict[str, asyncio.Task[None]] = {}
        self._closing: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._agreed = asyncio.Event()
        self.link: LinkUp | LinkDown = LinkDown(node=pbx.node, why="not connected yet")

    async def run(self) -> None:
        """Take calls and events for ever; cancel to end. Calls then go on in the PBX."""
        self._context.callbacks.restore()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._take_events())
                group.create_task(self._keep_agreeing())
                group.create_task(self._take_calls())
                group.create_task(self.lamps.run())
        finally:
            for task in [*self._sessions.values(), *self._tasks]:
                task.cancel()

    def attends(self, call: str) -> bool:
        """Whether a session of this engine serves the call."""
        return call in self._sessions

    @property
    def inboxes(self) -> Inboxes:
        """Where acts on calls go."""
        return self._context.inboxes

    def note(self, note: CallNote) -> None:
        """Something was written down about a call."""
        context = self._context
        match note.event:
            case TalkEnded():
                self.conferring.talk_ended(note.call)
            case TalkStarted():
                context.kept_places.pop(note.call, None)
            case CallEnded():
                context.release_reserved(note.call)
                context.kept_places.pop(note.call, None)
        context.inboxes.note(note)

    # -- calls --------------------------------------------------------------------------------

    async def _take_calls(self) -> None:
        # Seats that still talk must be known before anybody is offered one.
        try:
            await asyncio.wait_for(self._agreed.wait(), _LINK_GRACE_SECONDS)
        except TimeoutError:
            _log.warning("taking calls without the PBX's event link")
        async for channel in self._pbx.calls():
            self._begin(channel)

    def _begin(self, channel: Channel) -> None:
        arrival = channel.arrival
        known = self._known(channel)
        call = known.id if known else arrival.call or new_id("c")
        if arrival.transferred_to and known is None:
            call = new_id("c")  # of a call that ended with its caller, the other side goes on
        before = self._sessions.get(call)
        if before is not None and not arrival.transferred_to:
            before.cancel()
        session = Session(self._context, call, channel, known)
        task = asyncio.create_task(self._follow(before, session, channel, known), name=call)
        self._sessions[call] = task
        task.add_done_callback(lambda done: self._session_over(call, done))

    async def _follow(
        self,
        before: "asyncio.Task[None] | None",
        session: Session,
        channel: Channel,
        known: OpenCall | None,
    ) -> None:
        """Serve a caller once the script of before has written down how it ended for that."""
        if before is not None:
            await asyncio.wait([before], timeout=_SCRIPT_ENDS_SECONDS)
            before.cancel()
            over = known is not None and known.id not in self._context.ledger.open
            if known is not None and over and known.leg != channel.arrival.leg:
                self._begin(channel)  # it was the call of the phone that sent this one on
                return
        await session.run()

    def _known(self, channel: Channel) -> OpenCall | None:
        arrival, ledger = channel.arrival, self._context.ledger
        if known := ledger.open.get(arrival.call):
            return known
        # We may have died between writing the call down and marking its channel.
        return ledger.with_leg(arrival.leg)

    def _session_over(self, call: str, task: asyncio.Task[None]) -> None:
        if self._sessions.get(call) is task:
            del self._sessions[call]
        if not task.cancelled() and (error := task.exception()):
            _log.error("session broke", call=call, error=repr(error))

    # -- events -------------------------------------------------------------------------------

    async def _take_events(self) -> None:
        async for event in self._pbx.events():
            try:
                self._take(event)
            except Exception:
                _log.exception("event failed", pbx_event=event)

    def _take(self, event: PbxEvent) -> None:
        match event:
            case DeviceChanged():
                self._context.dispatcher.phone_seen(event.extension, event.state)
            case LegEnded():
                self.listening.leg_ended(event.leg)
                self._context.answered.pop(event.leg, None)
                call = self._context.ledger.open.get(event.call)
                if call is not None and call.leg == event.leg and call.id not in self._sessions:
                    self._spawn(self._close_unwatched(call))
            case LegHeld() | LegResumed():
                transferring.held(self._context, event)
            case PauseKey():
                self._spawn(self._context.recorder.key(event))
            case Transferred():
                transferring.joined(self._context, event)
            case MessageReceived():
                self._spawn(texting.deliver(self._context, self._pbx, event))
            case LinkUp():
                self.link = event
                self.lamps.forget()
                self._spawn(self._agree())
            case LinkDown():
                self.link = event

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- belief against the PBX ---------------------------------------------------------------

    async def _keep_agreeing(self) -> None:
        while True:
            await self._context.clock.sleep(_RECONCILE_SECONDS)
            if isinstance(self.link, LinkUp):
                await self._agree()

    async def _agree(self) -> None:
        """Compare what we believe with what the PBX says, and mend ours."""
        try:
            devices = await self._pbx.devices()
            for extension, state in devices.items():
                self._context.dispatcher.phone_seen(extension, state)
            self.listening.seen(devices)
            before, answering = (
                list(self._context.ledger.open.values()),
                set(self._context.answered),
            )
            legs = await self._pbx.legs()
            live = {leg.leg for leg in legs}
            answered = {leg.call: leg.endpoint for leg in legs if leg.up and not leg.inbound}
            called = {leg.call for leg in legs}  # those called back come by themselves
            orphans = await self._pbx.orphans()
        except CallCenterError as error:
            _log.warning("cannot compare with the PBX", why=str(error))
            return
        for leg in answering - live:
            self._context.answered.pop(leg, None)
        for call in before:
            if call.id in self._sessions or call.id not in self._context.ledger.open:
                continue
            if call.callback is not None and call.id in called:
                continue
            if call.leg in live:
                self._hold_seat(call)
                if call.talk is None and call.id in answered:
                    seen_answered(self._context, call, answered[call.id])
            else:
                await self._close_orphan(call, orphans.get(call.id))
        for stale in orphans.keys() - self._context.ledger.open.keys():
            await self._pbx.forget_orphan(stale)
        self._agreed.set()

    def _hold_seat(self, call: OpenCall) -> None:
        """A ring or talk goes on that an earlier engine began: its seats are not free."""
        if not call.offers or call.id in self._context.held:
            return
        held = [
            self._context.dispatcher.adopt(
                call.id, offer.queue, offer.seat, offer.extension, talking=call.talk is not None
            )
            for offer in call.offers.values()
            if offer.seat
        ]
        if kept := [offer for offer in held if offer is not None]:
            self._context.held[call.id] = kept

    async def _close_unwatched(self, call: OpenCall) -> None:
        try:
            orphans = await self._pbx.orphans()
        except CallCenterError as error:
            _log.warning("cannot ask how a call ended", call=call.id, why=str(error))
            return  # the next comparison finds it
        await self._close_orphan(call, orphans.get(call.id))

    async def _close_orphan(self, call: OpenCall, ended: Ended | None) -> None:
        if call.id in self._closing or call.id not in self._context.ledger.open:
            return
        if self._context.callbacks.keeps(call):
            return
        self._closing.add(call.id)
        try:
            by = EndedBy.CALLER if ended else EndedBy.LOST
            ended = ended or Ended(cause=Cause.UNKNOWN)
            at = ended.at or self._context.clock.now()
            settle_dial(self._context, call, ended.dial, by, at)
            await close(self._context, call, by, ended.cause, at)
            await self._pbx.forget_orphan(call.id)
        except CallCenterError as error:
            _log.warning("cannot close a call", call=call.id, why=str(error))
        finally:
            self._closing.discard(call.id)
