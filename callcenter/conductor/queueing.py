"""A caller's visit to a queue: wait with music, be told, be offered, talk; again until served."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from callcenter.acd import (
    AnnouncementDue,
    Offer,
    Overflow,
    OverflowReason,
    QueuePlan,
    Skill,
    Waiting,
)
from callcenter.calls import (
    Announced,
    OpenCall,
    PlaceRegained,
    QueueJoined,
    QueueLeft,
    QueueLeftBy,
)
from callcenter.conductor.context import Context
from callcenter.conductor.ringing import Ringing, seated
from callcenter.conductor.spoken import About, announcement, callback_question, whisper
from callcenter.ivr.say import wait_minutes
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Channel, DialStatus, Ended, Hangup, NodeLost, Prompt
from callcenter.routing.dialling import dial_plan
from callcenter.routing.regions import region_of

Told = Offer | Overflow | AnnouncementDue
CALLBACK = "callback"  # where a queue's key may lead besides destinations
_LISTEN = timedelta(hours=1)  # then again; a key is waited for as long as the caller waits


class QueueVisit:
    """One caller, one queue. ``first arrival`` is kept over restarts and failed offers."""

    def __init__(
        self,
        context: Context,
        call: OpenCall,
        channel: Channel,
        queue: str,
        *,
        music: str = "",
        priority: int = 0,
        skills: Iterable[Skill] = (),
        language: str = "",
    ) -> None:
        """``music`` "" is the queue's own; else a colour ring, which goes before it. ``language``
        is the caller's, "" the tenant's."""
        self._music = music
        self._priority = priority
        self._skills = tuple(skills)
        self._context = context
        self._call = call
        self._channel = channel
        self._queue = queue
        self._language = language
        self._told: asyncio.Queue[Told] = asyncio.Queue()
        self._turn = 0  # of announcements

    async def run(self) -> Overflow | None:
        """Return when a seat has served the caller and hung up (``None``), or the queue sends the
        caller on. A caller who hangs up is a :class:`Hangup`."""
        context, call = self._context, self._call
        if call.queue is None or call.queue.queue != self._queue:
            record = self._plan.record
            await context.recorder.announce(call, self._channel, self._queue, usual=record)
            now = context.clock.now()
            joining = QueueJoined(at=now, queue=self._queue, priority=self._priority)
            context.ledger.note(call.id, joining)
            since = context.kept_places.pop(call.id, now)
            if since < now:
                kept = PlaceRegained(at=now, queue=self._queue, since=since)
                context.ledger.note(call.id, kept)
        waiting = self._join()
        try:
            return await self._serve(waiting)
        except Hangup:
            if call.callback is None:
                context.dispatcher.leave(waiting, keep_place=True)
            raise
        except NodeLost:
            # The ring or talk goes on in the PBX; the seat stays taken until we know how it ended.
            if waiting.offers:
                context.held[call.id] = list(waiting.offers)
            context.dispatcher.let_go(waiting)
            raise
        finally:
            if call.callback is None:
                context.dispatcher.leave(waiting)

    def _join(self) -> Waiting:
        call, tell = self._call, self._told.put_nowait
        assert call.queue is not None  # noqa: S101 - just noted
        if (waiting := self._called_back()) is not None:
            return waiting
        place = call.place or call.queue.at
        waiting = self._context.dispatcher.join(
            call.id,
            self._queue,
            place,
            tell,
            call.queue.priority,
            skills=self._skills,
            caller=call.offered.caller if call.offered else "",
            rings_many=True,
            on_overflow=tell,
            on_announcement=tell,
        )
        if waiting.joined_at < place:
            now, since = self._context.clock.now(), waiting.joined_at
            regained = PlaceRegained(at=now, queue=self._queue, since=since)
            self._context.ledger.note(call.id, regained)
        return waiting

    def _called_back(self) -> Waiting | None:
        """The place that a caller whom we have called back had all the time (Q5)."""
        back, tell = self._context.callbacks.take(self._call.id), self._told.put_nowait
        if back is None or back[0].gone:
            return None
        waiting, offer = back
        waiting.on_offer = waiting.on_overflow = waiting.on_announcement = tell
        if waiting.offers:
            tell(offer)
        return waiting

    async def _serve(self, waiting: Waiting) -> Overflow | None:
        while True:
            plan = self._plan
            if waiting.virtual:  # was called back: is on the line again, in the same place
                self._context.dispatcher.unpark(waiting, self._call.id, self._told.put_nowait)
            await self._channel.music(self._music or plan.music)
            told: Told | str | None = await self._until_told(self._listen(plan))
            while isinstance(told, AnnouncementDue):
                told = await self._announce(plan, told)
            if isinstance(told, str):
                told = await self._pressed(waiting, plan)
            if isinstance(told, Overflow):
                self._sent_on(told)
                return told
            if isinstance(told, Offer) and await self._try(told, plan):
                return None

    @property
    def _plan(self) -> QueuePlan:
        plan = self._context.dispatcher.queue_plan(self._queue)
        return plan or QueuePlan(name=self._queue, tenant=self._call.tenant)

    # -- waiting ------------------------------------------------------------------------------

    async def _until_told(
        self, heard: "asyncio.Future[str]", *, announcing: bool = True
    ) -> Told | str:
        """What the dispatcher tells, or what comes of ``heard``, which is broken off by it.

        ``heard`` ends with a key, with nothing, or raises that the caller has gone.
        """
        told = asyncio.ensure_future(self._next(announcing))
        try:
            either: set[asyncio.Future[Any]] = {told, heard}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if heard.done():
                key = heard.result()
                if not told.done():
                    return key
            return told.result()
        finally:
            told.cancel()
            heard.cancel()
            await asyncio.wait([heard])  # one command at a time
            if not heard.cancelled():
                heard.exception()  # the next command raises what became of the caller

    async def _next(self, announcing: bool) -> Told:
        while True:
            told = await self._told.get()
            if announcing or not isinstance(told, AnnouncementDue):
                return told

    def _listen(self, plan: QueuePlan) -> "asyncio.Future[str]":
        """Wait for the key that leaves the queue, if there is one, and for the hang-up."""
        return asyncio.ensure_future(self._key(plan.limits.key))

    async def _key(self, key: str) -> str:
        while key and self._call.answered:
            pressed = await self._channel.read_digits([], most=1, first=_LISTEN, between=_LISTEN)
            if pressed.keys == key:
                return key
        raise Hangup(await self._channel.gone())

    async def _announce(self, plan: QueuePlan, due: AnnouncementDue) -> Told | str | None:
        """Say it. An offer does not wait for its end. ``None``: it was said to the end."""
        spoken = announcement(plan, due, self._turn, self._language or self._tongue)
        if not spoken or not self._call.answered:
            return None
        self._turn += 1
        self._context.ledger.note(self._call.id, self._said(due))
        playing = self._channel.play(spoken, stop_on=plan.limits.key)
        return await self._until_told(asyncio.ensure_future(playing)) or None

    def _said(self, due: AnnouncementDue) -> Announced:
        now, queue, place = self._context.clock.now(), due.queue, due.position
        if due.estimate is None:
            return Announced(at=now, queue=queue, position=place)
        wait = due.estimate
        low, high = (60.0 * each for each in wait_minutes(wait.low, wait.high))
        return Announced(
            at=now, queue=queue, position=place, wait=wait.mean, low=low, high=max(60.0, high)
        )

    @property
    def _tongue(self) -> str:
        tenant = self._context.snapshot.now.numbers.tenants.get(self._call.tenant)
        return tenant.language if tenant else "en"

    # -- leaving ------------------------------------------------------------------------------

    async def _pressed(self, waiting: Waiting, plan: QueuePlan) -> Told | str | None:
        """The caller pressed the key; a seat that was taken in the same moment goes before."""
        if waiting.gone or waiting.offers:
            return None
        if plan.limits.key_to == CALLBACK:
            return await self._callback(waiting)
        self._context.dispatcher.leave(waiting)
        to, reason = plan.limits.key_to, OverflowReason.KEY
        return Overflow(call=self._call.id, queue=self._queue, reason=reason, to=to)

    async def _callback(self, waiting: Waiting) -> Told | str | None:
        """Offer to call back; an agent who is free meanwhile goes before."""
        number = self._call.offered.caller if self._call.offered else ""
        if not self._context.callbacks.possible(number):
            return None
        asking = asyncio.ensure_future(self._confirms(number))
        told = await self._until_told(asking, announcing=False)
        if told != "1":
            return None if isinstance(told, str) else told
        if not self._context.callbacks.park(self._call, waiting, number):
            return None
        language = self._language or self._tongue
        await self._channel.play([Prompt(f"{language}/callback-kept")])
        await self._channel.release(Cause.NORMAL)
        raise Hangup(Ended(cause=Cause.NORMAL))

    async def _confirms(self, number: str) -> str:
        language = self._language or self._tongue
        spoken = callback_question(number, language)
        wait = timedelta(seconds=8)
        return (await self._channel.read_digits(spoken, most=1, first=wait, between=wait)).keys

    def _sent_on(self, told: Overflow) -> None:
        left = QueueLeft(
            at=self._context.clock.now(),
            queue=self._queue,
            by=QueueLeftBy.OVERFLOW,
            reason=told.reason.value,
            to=told.to,
        )
        self._context.ledger.note(self._call.id, left)

    # -- ringing ------------------------------------------------------------------------------

    async def _try(self, offer: Offer, plan: QueuePlan) -> bool:
        """Ring the seat, or all of them; true when one talked."""
        context, offers = self._context, (replace(offer, others=()), *offer.others)
        ringing = Ringing(
            context,
            self._call,
            self._channel,
            tuple(seated(context, each) for each in offers),
            music=self._music or offer.music,
            recorded=offer.record,
            whisper=self._whisper(plan),
        )
        return await ringing.run(offer.ring) is DialStatus.ANSWER

    def _whisper(self, plan: QueuePlan) -> tuple[Prompt, ...]:
        if not plan.whisper:
            return ()
        snapshot, offered = self._context.snapshot.now, self._call.offered
        tenant = snapshot.numbers.tenants.get(self._call.tenant)
        caller = offered.caller if offered else ""
        region = None
        if caller and "{region}" in plan.whisper:
            region = region_of(dial_plan(tenant.country if tenant else "CN").key(caller))
        since = self._call.queue.at if self._call.queue else self._context.clock.now()
        about = About(
            tenant=self._call.tenant,
            queue=self._queue,
            caller=caller,
            waited=(self._context.clock.now() - since).total_seconds(),
            region=region,
        )
        return whisper(plan, about, self._tongue, snapshot.prompts)
