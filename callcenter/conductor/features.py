"""Feature codes: what an agent does from the phone on the desk. Speaks, never stays silent."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from callcenter.acd import Dispatcher
from callcenter.conductor.pins import hash_pin, pin_matches
from callcenter.conductor.prompt_line import PromptLine, Studio
from callcenter.kernel.errors import CallCenterError
from callcenter.pbx.port import Channel, Prompt

_log = structlog.get_logger(__name__)
_TRIES = 3
_FIRST = timedelta(seconds=10)
_BETWEEN = timedelta(seconds=5)

__all__ = ["Features", "hash_pin", "pin_matches"]


class Features:
    """One agent at one phone, for the length of one feature call."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        channel: Channel,
        extension: str,
        language: str,
        studio: Studio,
    ) -> None:
        self._dispatcher = dispatcher
        self._channel = channel
        self._extension = extension
        self._language = language
        self._studio = studio

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
                await self._change(
                    lambda seat: self._dispatcher.busy(seat, "break", by=self._by), "busy-ok"
                )
            case "prompt-line":
                await PromptLine(self._studio, self._channel, self._language).run()
            case _:
                await self._say("apology")

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
        seat = self._dispatcher.seat_at(self._extension)
        if seat is None:
            await self._say("not-logged-in")
            return
        change(seat.plan.number)
        await self._say(done)

    async def _ask(self, prompt: str, most: int) -> str:
        digits = await self._channel.read_digits(
            [self._prompt(prompt)], most=most, first=_FIRST, between=_BETWEEN
        )
        return digits.keys

    async def _say(self, prompt: str) -> None:
        await self._channel.play([self._prompt(prompt)])

    def _prompt(self, name: str) -> Prompt:
        return Prompt(f"{self._language}/{name}")
