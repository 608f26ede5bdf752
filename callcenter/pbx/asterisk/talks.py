"""Acts on running talks over the control connection, and phones that we ring ourselves.

The half of :class:`AsteriskNode` that satisfies :class:`callcenter.pbx.control.Control`.
"""

import asyncio
import base64
import secrets
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any

from panoramisk.message import Message

from callcenter.kernel.clock import Clock
from callcenter.pbx import checked, typed
from callcenter.pbx.asterisk.ami import ActionRefused, AmiLink
from callcenter.pbx.asterisk.dialstring import party_name
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import (
    Dial,
    DialResult,
    DialStatus,
    EavesdropMode,
    LegId,
    NodeLost,
    Transferred,
)

NO_TIME = timedelta()
_LINKS = timedelta(seconds=5)
_DOOR = "Local/s@cc-barge/n"
_ANSWER_GRACE = 10.0  # seconds after the ringing in which Asterisk tells how it went
_BEGIN = 2.0  # seconds from the answer to listening
_STARTS_AS = {EavesdropMode.MONITOR: "", EavesdropMode.WHISPER: "w", EavesdropMode.BARGE: "B"}
_KEYS = {EavesdropMode.MONITOR: "4", EavesdropMode.WHISPER: "5", EavesdropMode.BARGE: "6"}
_RANG_OUT, _ANSWERED = "3", "4"  # reasons in OriginateResponse; busy is told as any failure
_CAUSE_FOLLOWS = 0.5  # seconds between that and the end of the leg, which tells why
_STATUS = {
    Cause.BUSY: DialStatus.BUSY,
    Cause.REJECTED: DialStatus.BUSY,
    Cause.NO_ANSWER: DialStatus.NO_ANSWER,
    Cause.NORMAL: DialStatus.NO_ANSWER,
    Cause.CONGESTION: DialStatus.CONGESTION,
}


class TalkControl:
    """``local`` gives Asterisk's name of a leg, ``hang_up`` ends one, ``spawn`` runs beside."""

    def __init__(
        self,
        node: str,
        ami: AmiLink,
        clock: Clock,
        *,
        local: Callable[[LegId], str],
        hang_up: Callable[[LegId], Coroutine[Any, Any, None]],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._node, self._ami, self._clock = node, ami, clock
        self._local, self._hang_up, self._spawn = local, hang_up, spawn
        self._rung: dict[str, asyncio.Future[str]] = {}
        self._ends: dict[LegId, asyncio.Future[Cause]] = {}  # of phones that we ring
        self._listeners: dict[LegId, LegId] = {}  # to whom they listen
        self._begun: dict[str, asyncio.Event] = {}  # ChanSpy runs

    async def transfer(self, leg: LegId, to: str) -> bool:
        """See the port."""
        return await self._redirect(leg, "cc-transferred", checked.word(to))

    async def eavesdrop(self, leg: LegId, listener: Dial, mode: EavesdropMode) -> DialResult:
        """See the port."""
        spied = self._local(leg)
        if not await self._done({"Action": "Getvar", "Channel": spied, "Variable": "UNIQUEID"}):
            return DialResult(status=DialStatus.CANCELLED)
        own = self._new_leg()
        self._listeners[own] = leg
        variables = [f"CC_SPIED={spied}", f"CC_SPY_AS={_STARTS_AS[mode]}"]
        begun = self._begun[self._local(own)] = asyncio.Event()
        try:
            result = await self._ring(own, listener, "cc-eavesdrop", "s", variables)
            if result.status is DialStatus.ANSWER:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_BEGIN):
                        await begun.wait()
        finally:
            del self._begun[self._local(own)]
        if own not in self._listeners:  # the leg ended meanwhile
            return DialResult(status=DialStatus.CANCELLED, leg=own)
        if result.status is not DialStatus.ANSWER:
            del self._listeners[own]
        return result

    async def join_room(self, leg: LegId, room: str) -> LegId | None:
        """See the port. The room is joined by a Local channel whose other half barges in."""
        spied, own = self._local(leg), self._new_leg()
        if not await self._done({"Action": "Getvar", "Channel": spied, "Variable": "UNIQUEID"}):
            return None
        variables = [f"__CC_SPIED={spied}", "__CC_SPY_AS=B", f"CC_ROOM={checked.room(room)}"]
        door = Dial(extension="link", ring=_LINKS)
        result = await self._ring(own, door, "cc-room", "talk", variables, door=_DOOR)
        return own if result.status is DialStatus.ANSWER else None

    async def invite(self, room: str, guest: Dial) -> DialResult:
        """See the port."""
        return await self._ring(
            self._new_leg(), guest, "cc-room", "guest", [f"CC_ROOM={checked.room(room)}"]
        )

    async def set_eavesdrop_mode(self, listener: LegId, mode: EavesdropMode) -> bool:
        """See the port."""
        return await self._done(
            {
                "Action": "PlayDTMF",
                "Channel": self._local(listener),
                "Digit": _KEYS[mode],
                "Duration": "100",
                "Receive": "true",
            }
        )

    async def message(self, sender: str, extension: str, text: str) -> bool:
        """See the port."""
        for one in (sender, extension):
            checked.extension(one, "the message was not sent")
        data = checked.text(text).encode("utf-8", "replace")
        return await self._done(
            {
                "Action": "MessageSend",
                "Destination": f"pjsip:{extension}",
                "From": f"sip:{sender}@callcenter",
                "Base64Body": base64.b64encode(data).decode(),
            }
        )

    async def originate(self, first: Dial, *, call: str, dialled: str) -> DialResult:
        """See the port."""
        variables = [f"__CC_CALL={checked.call_name(call)}", f"CC_DIALLED={checked.word(dialled)}"]
        return await self._ring(self._new_leg(), first, "cc-originated", "s", variables)

    # -- what the node hears ------------------------------------------------------------------

    def heard_originate(self, message: Message) -> None:
        """How a phone that we rang responded."""
        future = self._rung.get(str(message.get("ActionID", "")))
        if future is not None and not future.done():
            future.set_result(str(message.reason))

    def heard_eavesdropping(self, message: Message) -> None:
        """A phone that we rang listens now; keys before that would be lost."""
        begun = self._begun.get(str(message.spyeruniqueid))
        if begun is not None:
            begun.set()

    def leg_ended(self, leg: LegId, cause: Cause) -> None:
        """Who listened to it, or still rings in order to, is freed."""
        end = self._ends.get(leg)
        if end is not None and not end.done():
            end.set_result(cause)
        else:
            self._listeners.pop(leg, None)
        for listener in [own for own, spied in self._listeners.items() if spied == leg]:
            del self._listeners[listener]
            self._spawn(self._hang_up(listener))

    async def now_of(self, transferred: Transferred) -> None:
        """The leg that came from a consultation belongs to the call that goes on."""
        if call := typed.call(transferred.call):
            leg = self._local(transferred.to_leg)
            for name in ("CC_CALL", f"CC_CALL_{leg}"):
                action = {"Action": "Setvar", "Channel": leg, "Variable": name, "Value": call}
                await self._done(action)

    async def hand_over(self, leg: LegId) -> None:
        """It stands in the place of a phone's second line, and is to go where that had dialled."""
        await self._redirect(leg, "cc-handed", "s")

    # -- inside -------------------------------------------------------------------------------

    async def _ring(
        self,
        leg: LegId,
        dial: Dial,
        context: str,
        extension: str,
        variables: list[str],
        *,
        door: str = "",
    ) -> DialResult:
        """``door`` is a channel of the PBX's own, rung instead of a phone."""
        party = checked.only_party(dial)
        shown, seconds = checked.shown_number(dial), dial.ring.total_seconds()
        channel = self._local(leg)
        name = f"ring-{secrets.token_hex(8)}"
        decided = self._rung[name] = asyncio.get_running_loop().create_future()
        action = {
            "Action": "Originate",
            "ActionID": name,
            "Channel": door or party_name(party),
            "ChannelId": channel,
            "Context": context,
            "Exten": extension,
            "Priority": "1",
            "Timeout": str(max(1000, round(seconds * 1000))),
            "Async": "true",
            "Variable": variables,
            **({"CallerID": f"<{shown}>"} if shown else {}),
        }
        end = self._ends[leg] = asyncio.get_running_loop().create_future()
        try:
            await self._ami.ask(action)
            async with asyncio.timeout(seconds + _ANSWER_GRACE):
                reason = await decided
            if reason not in (_ANSWERED, _RANG_OUT):
                await asyncio.wait([end], timeout=_CAUSE_FOLLOWS)
        except ActionRefused:
            return DialResult(status=DialStatus.UNREACHABLE)
        except (asyncio.CancelledError, TimeoutError) as error:
            self._spawn(self._hang_up(leg))
            if isinstance(error, TimeoutError):
                raise NodeLost("The PBX does not tell what became of a phone it rang.") from None
            raise
        finally:
            del self._rung[name]
            del self._ends[leg]
        if reason != _ANSWERED:
            cause = end.result() if end.done() else Cause.UNKNOWN
            status = _STATUS.get(cause, DialStatus.UNREACHABLE)
            return DialResult(
                status=DialStatus.NO_ANSWER if reason == _RANG_OUT else status, leg=leg
            )
        return DialResult(
            status=DialStatus.ANSWER,
            leg=leg,
            answered_at=self._clock.now(),
            talk=NO_TIME,
            party=dial.numbers[0],
        )

    async def _redirect(self, leg: LegId, context: str, extension: str) -> bool:
        place = {"Context": context, "Exten": extension, "Priority": "1"}
        return await self._done({"Action": "Redirect", "Channel": self._local(leg)} | place)

    async def _done(self, action: dict[str, str]) -> bool:
        try:
            await self._ami.ask(action)
        except ActionRefused:
            return False
        return True

    def _new_leg(self) -> LegId:
        return LegId(f"{self._node}/cc-{secrets.token_hex(8)}")
