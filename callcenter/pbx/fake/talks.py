"""What may be done to a running talk, in memory; the half of :class:`FakePbx` for that."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx import checked
from callcenter.pbx.causes import Cause
from callcenter.pbx.fake.phones import PROMPT_SECONDS, FakeCaller, FakePhone, Ring
from callcenter.pbx.port import (
    Arrival,
    DeviceState,
    Dial,
    DialResult,
    DialStatus,
    EavesdropMode,
    LegEnded,
    LegHeld,
    LegId,
    LegResumed,
    MessageReceived,
    PauseKey,
    Prompt,
    Source,
    Transferred,
)

if TYPE_CHECKING:
    from callcenter.pbx.fake.node import FakePbx


@dataclass(kw_only=True)
class Listening:
    """A phone that listens to a leg; ``mode`` says who hears it."""

    leg: LegId
    phone: FakePhone
    spied: LegId
    mode: EavesdropMode


@dataclass(kw_only=True)
class Room:
    """Talks (the link, and the leg by which it is there) and guests who hear each other."""

    talks: dict[LegId, LegId] = field(default_factory=dict)
    guests: dict[LegId, FakePhone] = field(default_factory=dict)


class FakeTalks:
    """Talks of one fake node."""

    def __init__(self, pbx: "FakePbx") -> None:
        self._pbx = pbx
        self.listening: dict[LegId, Listening] = {}
        self.rooms: dict[str, Room] = {}
        self.sent: list[tuple[str, str, str]] = []  # sender, extension, text

    # -- what a test does ---------------------------------------------------------------------

    def holds(self, phone: FakePhone, *, on: bool = True) -> None:
        """The phone presses hold, or takes the other off it."""
        ring = _talk(phone)
        told = LegHeld if on else LegResumed
        ring.caller.held = on
        self._pbx.tell(told(leg=ring.legs[phone], call=ring.caller.call))

    def pauses(self, phone: FakePhone, *, on: bool = True) -> None:
        """The phone presses the key that pauses the recording, or resumes it."""
        ring = _talk(phone)
        self._pbx.tell(PauseKey(leg=ring.legs[phone], call=ring.caller.call, pause=on))

    def refers(self, phone: FakePhone, to: str) -> None:
        """The phone transfers blind."""
        self._send(_talk(phone).caller, to, phone.extension)

    def joins(self, phone: FakePhone, consultation: FakeCaller) -> None:
        """The phone, who talks to a caller and also called on its own, joins the two.

        Where the second call is no talk (yet), the caller is sent to what it dialled.
        """
        first, second = _talk(phone), consultation.ring
        if second is None or second.answered_at is None:
            consultation.end(Cause.NORMAL)
            self._send(first.caller, consultation.arrival.dialled, phone.extension)
            return
        told = Transferred(
            call=first.caller.call,
            leg=first.caller.arrival.leg,
            from_leg=first.leg,
            consultation=consultation.call,
            consult_leg=consultation.arrival.leg,
            to_leg=second.leg,
        )
        first.hand_to(second)
        self._pbx.tell(told)
        consultation.end(Cause.NORMAL)

    def texts(self, phone: FakePhone, to: str, text: str) -> None:
        """The phone sends a message."""
        self._pbx.tell(MessageReceived(sender=phone.extension, to=to, text=text))

    # -- the port -----------------------------------------------------------------------------

    def transfer(self, leg: LegId, to: str) -> bool:
        """See the port."""
        checked.word(to)
        caller = self._pbx.callers.get(leg)
        if caller is None:
            return False
        self._send(caller, to, "")
        return True

    async def eavesdrop(self, leg: LegId, listener: Dial, mode: EavesdropMode) -> DialResult:
        """See the port."""
        phone = self._pbx.party(checked.only_party(listener))
        if not self._lives(leg):
            return DialResult(status=DialStatus.CANCELLED)
        own = self._pbx.new_leg()
        result = await self._ring(phone, own, listener)
        if result.status is DialStatus.ANSWER:
            if not self._lives(leg):
                phone.set_state(DeviceState.IDLE)
                return DialResult(status=DialStatus.CANCELLED, leg=own)
            self.listening[own] = Listening(leg=own, phone=phone, spied=leg, mode=mode)
        return result

    async def say(self, leg: LegId, prompts: Sequence[Prompt], *, both: bool) -> bool:
        """See the port."""
        for prompt in prompts:
            await asyncio.sleep(PROMPT_SECONDS)
            ring = self._talk_of(leg)
            if ring is None:
                return False
            name = prompt.partition("/")[2]
            if both or leg == ring.leg:
                ring.phone.heard.append(name)
            if both or leg != ring.leg:
                ring.caller.heard.append(name)
        return True

    def join_room(self, leg: LegId, room: str) -> LegId | None:
        """See the port."""
        checked.room(room)
        if self._talk_of(leg) is None:
            return None
        link = self._pbx.new_leg()
        self.rooms.setdefault(room, Room()).talks[link] = leg
        return link

    async def invite(self, room: str, guest: Dial) -> DialResult:
        """See the port."""
        phone, own = self._pbx.party(checked.only_party(guest)), self._pbx.new_leg()
        result = await self._ring(phone, own, guest)
        if result.status is DialStatus.ANSWER:
            self.rooms.setdefault(room, Room()).guests[own] = phone
        return result

    def set_mode(self, listener: LegId, mode: EavesdropMode) -> bool:
        """See the port."""
        if listener not in self.listening:
            return False
        self.listening[listener].mode = mode
        return True

    async def originate(self, first: Dial, *, call: str, dialled: str) -> DialResult:
        """See the port."""
        phone, leg = self._pbx.party(checked.only_party(first)), self._pbx.new_leg()
        checked.word(dialled)
        result = await self._ring(phone, leg, first)
        if result.status is DialStatus.ANSWER:
            arrival = Arrival(
                leg=leg,
                source=Source.ORIGINATED,
                caller=phone.extension,
                caller_name="",
                dialled=dialled,
                endpoint=phone.extension,
                call=call,
            )
            self._pbx.admit(arrival).answered = True
        return result

    def message(self, sender: str, extension: str, text: str) -> bool:
        """See the port."""
        checked.text(text)
        phone = self._pbx.phones.get(extension)
        if phone is None or not phone.registered:
            return False
        self.sent.append((sender, extension, text))
        return True

    def hang_up(self, leg: LegId) -> bool:
        """End what is listened with, a link to a room, or a guest's channel."""
        for name, room in list(self.rooms.items()):
            if leg in room.talks:
                self._unlink(name, leg)
                return True
            if phone := room.guests.pop(leg, None):
                if not room.talks and not room.guests:
                    del self.rooms[name]
                phone.set_state(DeviceState.IDLE)
                self._pbx.tell(LegEnded(leg=leg, call="", cause=Cause.NORMAL))
                return True
        listening = self.listening.pop(leg, None)
        if listening is None:
            return False
        listening.phone.set_state(DeviceState.IDLE)
        self._pbx.tell(LegEnded(leg=leg, call="", cause=Cause.NORMAL))
        return True

    def phone_down(self, phone: FakePhone) -> None:
        """Who listens with this phone puts the receiver down."""
        for one in [one for one in self.listening.values() if one.phone is phone]:
            self.hang_up(one.leg)
        for room in list(self.rooms.values()):
            for leg in [leg for leg, guest in room.guests.items() if guest is phone]:
                self.hang_up(leg)

    def leg_ended(self, leg: LegId) -> None:
        """Whoever listened to it is freed."""
        for one in [one for one in self.listening.values() if one.spied == leg]:
            self.hang_up(one.leg)
        for name, room in list(self.rooms.items()):
            for link in [link for link, talk in room.talks.items() if talk == leg]:
                self._unlink(name, link)

    # -- inside -------------------------------------------------------------------------------

    def _send(self, caller: FakeCaller, to: str, by: str) -> None:
        if caller.ring is not None:
            caller.ring.end(DialStatus.CANCELLED)
            caller.last_dial, caller.ring = caller.ring.result.result(), None
        caller.sent = (to, by)
        self._pbx.send_elsewhere(caller)

    async def _ring(self, phone: FakePhone, leg: LegId, dial: Dial) -> DialResult:
        if not phone.registered:
            return DialResult(status=DialStatus.UNREACHABLE)
        if phone.rejects or phone.rings_now:
            return DialResult(status=DialStatus.BUSY, leg=leg)
        phone.set_state(DeviceState.RINGING)
        phone.rings.append(self._pbx.clock.now())
        ring, answer = dial.ring.total_seconds(), phone.answers_after
        try:
            await asyncio.sleep(ring if answer is None else min(answer, ring))
        except asyncio.CancelledError:
            phone.set_state(DeviceState.IDLE)
            raise
        if answer is None or answer >= ring:
            phone.set_state(DeviceState.IDLE)
            return DialResult(status=DialStatus.NO_ANSWER, leg=leg)
        phone.set_state(DeviceState.IN_USE)
        now, none = self._pbx.clock.now(), dial.ring * 0
        party = phone.extension
        return DialResult(
            status=DialStatus.ANSWER, leg=leg, answered_at=now, talk=none, party=party
        )

    def _talk_of(self, leg: LegId) -> Ring | None:
        rings = [caller.ring for caller in self._pbx.callers.values() if caller.ring is not None]
        for ring in rings:
            if ring.answered_at and leg in (ring.leg, ring.caller.arrival.leg):
                return ring
        return None

    def _unlink(self, name: str, link: LegId) -> None:
        """The talk leaves the room; the last one ends it."""
        room = self.rooms[name]
        del room.talks[link]
        if not room.talks:
            for leg in list(room.guests):
                self.hang_up(leg)
            self.rooms.pop(name, None)

    def _lives(self, leg: LegId) -> bool:
        rings = [caller.ring for caller in self._pbx.callers.values() if caller.ring is not None]
        return leg in self._pbx.callers or any(leg in ring.legs.values() for ring in rings)


def _talk(phone: FakePhone) -> Ring:
    ring = phone.ringing
    if ring is None or ring.answered_at is None:
        raise PbxProblem(f"The phone {phone.extension} does not talk.")
    return ring
