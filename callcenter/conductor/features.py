"""Feature codes: what an agent does from the phone on the desk. Speaks, never stays silent."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from callcenter.acd import Dispatcher
from callcenter.acd.desk import code_at
from callcenter.acd.seat import Seat
from callcenter.conductor.prompt_line import PromptLine, Studio
from callcenter.ivr.say import SayKind, prompts_for
from callcenter.kernel.errors import CallCenterError, Refused
from callcenter.kernel.pins import pin_matches
from callcenter.pbx.port import Channel, Prompt
from callcenter.snapshot import CurrentSnapshot

_log = structlog.get_logger(__name__)
_TRIES = 3
_FIRST = timedelta(seconds=10)
_MOST_WRAP_UP = 60  # minutes
_BETWEEN = timedelta(seconds=5)


class Features:
    """One agent at one phone, for the length of one feature call."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        *,
        channel: Channel,
        extension: str,
        language: str,
        studio: Studio,
        plan: CurrentSnapshot,
        pick_up: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._dispatcher = dispatcher
        self._channel = channel
        self._extension = extension
        self._language = language
        self._studio = studio
        self._plan = plan
        self._pick_up = pick_up

    async def run(self, feature: str) -> None:
        """Do what the code asks for and say whether it was done."""
        match feature:
            case "log-in":
                await self._log_in()
            case "log-out":
                await self._change(
                    lambda seat: self._dispatcher.log_out(seat, by=self._by), "logout-ok"
                )
            case "ready":
                await self._change(
                    lambda seat: self._dispatcher.ready(seat, by=self._by), "ready-ok"
                )
            case "busy":
                await self._busy()
            case "wrap-up":
                await self._wrap_up()
            case "disposition":
                await self._dispose()
            case "pick-up":
                if not await self._pick_up(self._channel.arrival.dialled.removeprefix("*8")):
                    await self._say("nothing-to-pick-up")
            case "prompt-line":
                await PromptLine(self._studio, self._channel, self._language).run()
            case _:
                await self._say("wrong-code")

    @property
    def _by(self) -> str:
        return f"phone {self._extension}"

    async def _log_in(self) -> None:
        for _ in range(_TRIES):
            number = await self._ask("agent-number", 12)
            pin = await self._ask("agent-pin", 12)
            if not await self._pin_is_right(number, pin):
                _log.warning("log-in refused", extension=self._extension, seat=number)
                await self._say("login-failed")
                continue
            try:
                self._dispatcher.log_in(number, self._extension, by=self._by)
            except CallCenterError as error:
                _log.warning("log-in refused", extension=self._extension, why=str(error))
                await self._say("login-failed")
                continue
            await self._say("login-ok")
            return
        await self._say("goodbye")

    async def _pin_is_right(self, number: str, pin: str) -> bool:
        try:
            pin_hash = self._dispatcher.seat(number).plan.pin_hash
        except CallCenterError:
            return False
        return await asyncio.to_thread(pin_matches, pin_hash, pin)

    async def _change(self, change: Callable[[str], None], done: str) -> None:
        seat = await self._seat()
        if seat is None:
            return
        try:
            change(seat.plan.number)
        except Refused:
            await self._say("disposition-owed" if seat.owes else "not-now")
            return
        await self._say(done)

    async def _busy(self) -> None:
        """A reason by its key; ``*14`` alone asks for it."""
        seat = await self._seat()
        if seat is None:
            return
        pauses = {pause.key: pause for pause in self._plan.now.plan.pauses_of(seat.plan.tenant)}
        for _ in range(_TRIES):
            key = await self._ask("busy-reason", max(map(len, pauses)))
            if pause := pauses.get(key):
                number, reason = seat.plan.number, pause.name
                self._dispatcher.busy(number, reason, by=self._by, limit=pause.limit)
                await self._say_number("busy-ok", key)
                return
            await self._say("wrong-code")
        await self._say("goodbye")

    async def _wrap_up(self) -> None:
        seat = await self._seat()
        if seat is None:
            return
        for _ in range(_TRIES):
            minutes = await self._ask("wrap-up-minutes", 2)
            if not minutes.isdigit() or not 0 < int(minutes) <= _MOST_WRAP_UP:
                await self._say("wrong-code")
                continue
            try:
                self._dispatcher.wrap_up_once_free(seat.plan.number, 60.0 * int(minutes))
            except Refused:
                await self._say("not-now")
                return
            await self._say_number("wrap-up-ok", minutes)
            return
        await self._say("goodbye")

    async def _dispose(self) -> None:
        """What came of the last call, by its place in the queue's list."""
        seat = await self._seat()
        if seat is None:
            return
        try:
            codes = self._dispatcher.codes(seat.plan.number)
        except Refused:
            codes = ()
        if not codes:
            await self._say("no-disposition")
            return
        for _ in range(_TRIES):
            keys = await self._ask("disposition-code", 3)
            code = code_at(codes, keys)
            if code is None:
                await self._say("wrong-code")
                continue
            self._dispatcher.dispose(seat.plan.number, code, by=self._by)
            await self._say_number("disposition-ok", keys)
            return
        await self._say("goodbye")

    async def _seat(self) -> Seat | None:
        """Who is logged in here; when nobody is, that is said."""
        seat = self._dispatcher.seat_at(self._extension)
        if seat is None:
            await self._say("not-logged-in")
        return seat

    async def _say_number(self, prompt: str, digits: str) -> None:
        """What was done, and the keys that were understood."""
        spoken = prompts_for(SayKind.DIGITS, digits, self._language)
        await self._channel.play([self._prompt(prompt), *map(self._prompt, spoken)])

    async def _ask(self, prompt: str, most: int) -> str:
        digits = await self._channel.read_digits(
            [self._prompt(prompt)], most=most, first=_FIRST, between=_BETWEEN
        )
        return digits.keys

    async def _say(self, prompt: str) -> None:
        await self._channel.play([self._prompt(prompt)])

    def _prompt(self, name: str) -> Prompt:
        return Prompt(f"{self._language}/{name}")
