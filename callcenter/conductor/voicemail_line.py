"""Voicemail by telephone: an agent dials ``*98``, gives the PIN and hears what callers left (R2).

Play, next, delete, call back, hand over, greet anew. Speaks to the caller's channel, to the
messages and, to call back, to the same dialling as every other call of an extension, so that it is
on record as part of this call.
"""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.calls import OpenCall, TalkStarted
from callcenter.conductor.context import Context
from callcenter.conductor.prompt_line import PromptLine
from callcenter.conductor.reaching import Reach
from callcenter.ivr.say import CannotSay, SayKind, prompts_for
from callcenter.kernel.errors import CallCenterError
from callcenter.pbx.port import Channel, DialStatus, Prompt
from callcenter.records import Message
from callcenter.records.boxes import box_of_seat
from callcenter.records.spoken import play_sound

_log = structlog.get_logger(__name__)
_TRIES = 3
_FIRST = timedelta(seconds=8)
_BETWEEN = timedelta(seconds=5)
_KEYS = "0123456789*#"


class VoicemailLine:
    """One call to the line."""

    def __init__(self, context: Context, call: OpenCall, channel: Channel, language: str) -> None:
        self._context = context
        self._call = call
        self._channel = channel
        self._language = language
        self._extension = channel.arrival.endpoint
        self._seat = ""
        self._tenant = ""

    async def run(self) -> None:
        """From the PIN to the goodbye."""
        if await self._identify():
            await self._listen()
        await self._say("goodbye")

    # -- who it is ----------------------------------------------------------------------------

    async def _identify(self) -> bool:
        """Whose boxes: the agent's who sits here, else that of the number that is given."""
        studio, sitting = self._context.studio, self._context.dispatcher.seat_at(self._extension)
        for _ in range(_TRIES):
            number = sitting.plan.number if sitting else await self._ask("agent-number")
            pin = await self._ask("agent-pin")
            if studio.lock.locked(number):
                await self._say("pin-locked")
                return False
            if self._may(tenant := await studio.tenant_of(number, pin)):
                studio.lock.right(number)
                self._seat, self._tenant = number, tenant
                return True
            studio.lock.wrong(number)
            _log.warning("voicemail refused", seat=number, extension=self._extension)
            await self._say("login-failed")
        return False

    def _may(self, tenant: str) -> bool:
        """A PIN counts at telephones of its own tenant."""
        phone = self._context.snapshot.now.numbers.extensions.get(self._extension)
        return bool(tenant) and (phone is None or phone.tenant == tenant)

    # -- messages -----------------------------------------------------------------------------

    async def _listen(self) -> None:
        messages = await self._messages()
        new = sum(message.heard_at is None for message in messages)
        await self._say_count("voicemail-new", new)
        if len(messages) > new:
            await self._say_count("voicemail-old", len(messages) - new)
        if not messages:
            await self._without()
        for position, message in enumerate(messages):
            if not await self._one(message, last=position == len(messages) - 1):
                return
        if messages:
            await self._say("voicemail-no-more")

    async def _messages(self) -> list[Message]:
        boxes = boxes_of(self._context, self._tenant, self._seat)
        mailbox = self._context.mailbox
        return await asyncio.to_thread(mailbox.messages, self._tenant, boxes)

    async def _without(self) -> None:
        """There is nothing to hear; the greeting can be spoken all the same."""
        if await self._key("voicemail-menu-none") == "0":
            await self._greet()

    async def _one(self, message: Message, *, last: bool) -> bool:
        """Play one and do what is wanted with it; ``False``: enough."""
        key = await self._play(message)
        silent = 0
        while silent < _TRIES:
            key = key or await self._key("voicemail-menu")
            silent = 0 if key else silent + 1
            match key:
                case "1":
                    key = await self._play(message)
                    continue
                case "2" | "#":
                    return True
                case "3":
                    await asyncio.to_thread(self._context.mailbox.remove, message.id)
                    await self._say("voicemail-deleted")
                    return True
                case "4":
                    await self._call_back(message)
                case "5":
                    await self._tell(message)
                case "6":
                    if await self._hand_over(message):
                        return True
                case "0":
                    await self._greet()
                case "*":
                    return False
            key = ""
        return False

    async def _play(self, message: Message) -> str:
        """The sound; the key that ended it. From its first second on it counts as heard."""
        context = self._context
        try:
            wav = await asyncio.to_thread(context.mailbox.sound, message)
        except (SQLAlchemyError, CallCenterError) as error:
            _log.error("message cannot be played", message=message.id, why=str(error))
            await self._say("voicemail-gone")
            return ""
        await asyncio.to_thread(context.mailbox.heard, message.id, context.clock.now())
        folder = context.studio.folder
        return await play_sound(self._channel, wav, folder, message.tenant, self._language)

    async def _tell(self, message: Message) -> None:
        """Who left it, and when."""
        await self._say_digits(message.caller)
        tenant = self._context.snapshot.now.numbers.tenants.get(self._tenant)
        at = message.at.astimezone(ZoneInfo(tenant.zone if tenant else "UTC"))
        try:
            pieces = prompts_for(SayKind.MOMENT, at.isoformat(), self._language)
        except CannotSay as error:
            _log.info("left unsaid", why=str(error))
            return
        await self._channel.play([self._prompt(piece) for piece in pieces], stop_on=_KEYS)

    # -- acts ---------------------------------------------------------------------------------

    async def _call_back(self, message: Message) -> None:
        """Ring who left it; on record as a talk of this call."""
        if not message.caller:
            await self._say("voicemail-no-number")
            return
        before = self._talks
        try:
            status = await self._dial(message.caller)
        finally:
            if self._talks > before:
                now = self._context.clock.now()
                await asyncio.to_thread(self._context.mailbox.called_back, message.id, now)
        if status is not DialStatus.ANSWER:
            await self._say("voicemail-not-reached")

    async def _dial(self, number: str) -> DialStatus:
        reach = Reach(self._context, self._call, self._channel, self._tenant, music="default")
        numbers = self._context.snapshot.now.numbers
        inside = numbers.extensions.get(number)
        if inside is not None and inside.tenant == self._tenant:
            return await reach.extension(number)
        own = sorted(one.number for one in numbers.numbers.values() if one.tenant == self._tenant)
        return await reach.outside(number, presents=own[0] if own else "")

    @property
    def _talks(self) -> int:
        return sum(isinstance(event, TalkStarted) for event in self._call.events)

    async def _hand_over(self, message: Message) -> bool:
        """To the box of another seat of the tenant."""
        number = await self._ask("voicemail-to-seat")
        plan = self._context.snapshot.now.plan.seats.get(number)
        if plan is None or plan.tenant != self._tenant:
            await self._say("wrong-code")
            return False
        mailbox, box = self._context.mailbox, box_of_seat(number)
        await asyncio.to_thread(mailbox.hand_over, message.id, box, f"seat {self._seat}")
        await self._say("voicemail-handed")
        return True

    async def _greet(self) -> None:
        """Speak the greeting of the own box: the prompt line for that one prompt."""
        line = PromptLine(self._context.studio, self._channel, self._language)
        name = greeting_prompt(box_of_seat(self._seat))
        await line.work_on(self._tenant, name, by=self._seat)

    # -- speaking -----------------------------------------------------------------------------

    async def _say_count(self, prompt: str, count: int) -> None:
        spoken = prompts_for(SayKind.NUMBER, count, self._language)
        names = [prompt, *spoken]
        await self._channel.play([self._prompt(name) for name in names])

    async def _say_digits(self, number: str) -> None:
        digits = "".join(sign for sign in number if sign.isdigit())
        if digits:
            spoken = prompts_for(SayKind.DIGITS, digits, self._language)
            await self._channel.play([self._prompt(name) for name in spoken], stop_on=_KEYS)

    async def _ask(self, prompt: str) -> str:
        asked = [self._prompt(prompt)]
        digits = await self._channel.read_digits(asked, most=12, first=_FIRST, between=_BETWEEN)
        return digits.keys

    async def _key(self, prompt: str) -> str:
        asked = [self._prompt(prompt)]
        digits = await self._channel.read_digits(
            asked, most=1, first=_FIRST, between=_BETWEEN, end=""
        )
        return digits.keys

    async def _say(self, prompt: str) -> None:
        await self._channel.play([self._prompt(prompt)])

    def _prompt(self, name: str) -> Prompt:
        return Prompt(f"{self._language}/{name}")


def boxes_of(context: Context, tenant: str, seat: str) -> tuple[str, ...]:
    """The boxes that a seat may listen to: its own, those of its queues, those that name it."""
    snapshot = context.snapshot.now
    queues = [
        plan.name
        for plan in snapshot.plan.queues.values()
        if plan.tenant == tenant and any(number == seat for number, _ in plan.seats)
    ]
    return snapshot.boxes.of_seat(tenant, seat, queues)


def greeting_prompt(box: str) -> str:
    """Name of the tenant's own prompt that greets the callers of a box."""
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in box.casefold())
    return f"voicemail/{plain.strip('-')[:40] or 'box'}"


def greeting_of(context: Context, tenant: str, box: str, language: str) -> str:
    """What callers of a box hear first: as set up, as recorded by telephone, or built in."""
    snapshot = context.snapshot.now
    if named := snapshot.boxes.find(tenant, box).greeting:
        return named
    own = greeting_prompt(box)
    prompt = Prompt(f"{language}/{own}")
    return own if snapshot.prompts.find(tenant, prompt) != prompt else "voicemail-greeting"
