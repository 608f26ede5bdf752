"""Acts on running talks over the event link: the half of the node that satisfies ``Control``."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from callcenter.kernel.clock import Clock
from callcenter.pbx import checked
from callcenter.pbx.freeswitch import rooms
from callcenter.pbx.freeswitch.dialstring import DOMAIN, NO_NOTE, endpoint
from callcenter.pbx.freeswitch.esl_wire import EslEvent, send_event
from callcenter.pbx.freeswitch.facts import DialFacts
from callcenter.pbx.freeswitch.listening import Listeners, begins_as
from callcenter.pbx.freeswitch.servers import EventLink
from callcenter.pbx.port import (
    Dial,
    DialResult,
    DialStatus,
    EavesdropMode,
    LegId,
    Transferred,
)

_ANSWER_GRACE = 5.0
_END_FOLLOWS = 0.3  # seconds from when a channel is gone until that is told
_LINKS = timedelta(seconds=5)


class TalkControl:
    """``local`` gives FreeSWITCH's name of a leg, ``spawn`` runs beside."""

    def __init__(
        self,
        node: str,
        link: EventLink,
        clock: Clock,
        *,
        local: Callable[[LegId], str],
        spawn: Callable[[Coroutine[Any, Any, object]], None],
    ) -> None:
        self._node, self._link, self._clock = node, link, clock
        self._local, self._spawn = local, spawn
        self._rooms = rooms.RoomModules(link)
        self._rung: dict[str, asyncio.Future[EslEvent]] = {}  # by the name of the ringing leg
        self._listeners = Listeners()

    async def transfer(self, leg: LegId, to: str) -> bool:
        """See the port."""
        name, word = self._local(leg), checked.word(to)
        if not await self._exists(name):
            return False
        await self._done("uuid_setvar", name, "cc_sent_by_us", "1")
        return await self._done("uuid_transfer", name, word, "XML", "cc-transferred")

    async def eavesdrop(self, leg: LegId, listener: Dial, mode: EavesdropMode) -> DialResult:
        """See the port."""
        spied = self._local(leg)
        if not await self._exists(spied):
            return DialResult(status=DialStatus.CANCELLED)
        own = _new_name()
        self._listeners.add(own, spied, mode)
        variables = begins_as(mode)
        result = await self._ring(own, listener, f"&eavesdrop({spied})", variables)
        if own not in self._listeners:
            return DialResult(status=DialStatus.CANCELLED, leg=result.leg)
        if result.status is not DialStatus.ANSWER:
            self._listeners.drop(own)
        return result

    async def join_room(self, leg: LegId, room: str) -> LegId | None:
        """See the port."""
        talk, door = self._local(leg), rooms.link(room)
        await self._rooms.require()
        if not await self._exists(talk):
            return None
        own = Dial(extension="link", ring=_LINKS)
        variables = rooms.LINK_VARIABLES
        made = await self._ring(_new_name(), own, f"&eavesdrop({talk})", variables, door=door)
        return made.leg if made.status is DialStatus.ANSWER else None

    async def invite(self, room: str, guest: Dial) -> DialResult:
        """See the port."""
        await self._rooms.require()
        return await self._ring(_new_name(), guest, rooms.guest(room), {})

    async def set_eavesdrop_mode(self, listener: LegId, mode: EavesdropMode) -> bool:
        """See the port."""
        name = self._local(listener)
        return await self._press(name, self._listeners.switch(name, mode))

    async def message(self, sender: str, extension: str, text: str) -> bool:
        """See the port."""
        for one in (sender, extension):
            checked.extension(one, "the message was not sent")
        headers = {
            "Event-Subclass": "SMS::SEND_MESSAGE",
            "proto": "sip",
            "dest_proto": "sip",
            "from": f"{sender}@{DOMAIN}",
            "from_full": f"sip:{sender}@{DOMAIN}",
            "to": f"{extension}@{DOMAIN}",
            "type": "text/plain",
            "sip_profile": "cc",
        }
        body = checked.text(text)
        contact = await self._link.api("sofia_contact", f"cc/{extension}@{DOMAIN}")
        if contact.startswith("error"):
            return False
        return (await self._link.send(send_event("CUSTOM", headers, body))).startswith("+OK")

    async def originate(self, first: Dial, *, call: str, dialled: str) -> DialResult:
        """See the port."""
        variables = {
            "cc_call": checked.call_name(call),
            "presence_data": call,
            "cc_dialled": checked.word(dialled),
            "cc_source": "originated",
            "cc_endpoint": "".join(first.numbers),
        }
        return await self._ring(_new_name(), first, "cc-loop XML cc", variables)

    async def now_of(self, transferred: Transferred, party: str) -> None:
        """The leg that came from a consultation, of ``party``, belongs to the call that goes on."""
        await self._done("uuid_setvar", self._local(transferred.leg), "cc_with", party)
        if transferred.call:
            await self._done(
                "uuid_setvar_multi",
                self._local(transferred.to_leg),
                f"cc_call={transferred.call};presence_data={transferred.call}",
            )

    # -- what the node hears ------------------------------------------------------------------

    def heard(self, event: EslEvent) -> None:
        """Of a phone that we ring, or of one that listens."""
        name = event.get("Unique-ID")
        match event.name:
            case "CHANNEL_ANSWER" | "CHANNEL_HANGUP_COMPLETE" if name in self._rung:
                if not self._rung[name].done():
                    self._rung[name].set_result(event)
            case "DTMF" if key := self._listeners.pressed(name, event.get("DTMF-Digit")):
                self._spawn(self._press(name, key))
        if event.name == "CHANNEL_HANGUP_COMPLETE":
            if name not in self._rung:  # else its ringing tells why
                self._listeners.drop(name)
            for listener in self._listeners.freed_by(name):
                self._spawn(self._kill(listener))

    # -- inside -------------------------------------------------------------------------------

    async def _ring(
        self, name: str, dial: Dial, then: str, variables: dict[str, str], *, door: str = ""
    ) -> DialResult:
        """``door`` is a channel of the PBX's own, rung instead of a phone."""
        target = door or endpoint(checked.only_party(dial))
        shown = checked.shown_number(dial)
        party, seconds = dial.numbers[0], dial.ring_seconds
        own = {
            "origination_uuid": name,
            **({} if "cc_source" in variables else {"api_hangup_hook": NO_NOTE}),
            "ignore_early_media": "true",
            "cc_party": party,
            "originate_timeout": str(seconds),
            **({"origination_caller_id_number": shown} if shown else {}),
            **variables,
        }
        listed = ",".join(f"{key}={value}" for key, value in own.items())
        decided = self._rung[name] = asyncio.get_running_loop().create_future()
        leg = LegId(f"{self._node}/{name}")
        try:
            told = await self._link.send(f"bgapi originate {{{listed}}}{target} {then}")
            if told.startswith("-ERR"):
                return DialResult(status=DialStatus.UNREACHABLE)
            async with asyncio.timeout(seconds + _ANSWER_GRACE):
                event = await self._decided(name, decided)
        except TimeoutError:
            self._spawn(self._kill(name))
            return DialResult(status=DialStatus.UNREACHABLE)
        except asyncio.CancelledError:
            self._spawn(self._kill(name))
            raise
        finally:
            del self._rung[name]
        if event.name != "CHANNEL_ANSWER":
            facts = DialFacts(disposition=event.variable("hangup_cause"))
            return DialResult(status=facts.status, leg=leg)
        return DialResult(
            status=DialStatus.ANSWER,
            leg=leg,
            answered_at=self._clock.now(),
            talk=timedelta(),
            party=party,
        )

    async def _decided(self, name: str, decided: "asyncio.Future[EslEvent]") -> EslEvent:
        """A phone that is not there never has a channel: nothing would be told."""
        await asyncio.wait([decided], timeout=1.0)
        while not decided.done() and await self._exists(name):
            await asyncio.wait([decided], timeout=1.0)
        await asyncio.wait([decided], timeout=_END_FOLLOWS)
        if not decided.done():
            headers = {"variable_hangup_cause": "USER_NOT_REGISTERED"}
            return EslEvent(name="CHANNEL_HANGUP_COMPLETE", headers=headers)
        return decided.result()

    async def _press(self, name: str, key: str) -> bool:
        """As if a phone had sent it."""
        return await self._done("uuid_recv_dtmf", name, key)

    async def _exists(self, name: str) -> bool:
        return (await self._link.api("uuid_exists", name)).strip() == "true"

    async def _kill(self, name: str) -> None:
        await self._done("uuid_kill", name)

    async def _done(self, *words: str) -> bool:
        return not (await self._link.api(*words)).startswith("-")


def _new_name() -> str:
    return f"cc-{secrets.token_hex(8)}"
