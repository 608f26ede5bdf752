"""Conferences: talks and guests in one room of the PBX, in which all hear all.

A talk in a room stays what it was: two channels joined, with its script, its recording and its one
record; seats are in the states they were in. So nobody falls into silence when a room ends. Guests
are freed with the last talk, a talk is taken out when it is alone.
"""

import asyncio
from dataclasses import dataclass, field

from callcenter.calls import Intervened, OpenCall
from callcenter.conductor.context import Context
from callcenter.conductor.listening import ListeningIn
from callcenter.conductor.whom import Whom, whom
from callcenter.kernel.errors import Refused
from callcenter.kernel.ids import new_id
from callcenter.pbx.port import Dial, DialResult, LegId, Pbx
from callcenter.supervision import Act, Listening, why_not
from callcenter.supervision.refusals import NotTalking, OtherTenant

_MOST = 10  # in one room; each further one makes it louder and dearer


@dataclass(eq=False, kw_only=True)
class Room:
    """``talks``: the links by which calls are in it."""

    name: str
    tenant: str
    talks: dict[str, LegId] = field(default_factory=dict)
    guests: set[Listening] = field(default_factory=set)


class Conferring:
    """Of one engine."""

    def __init__(self, context: Context, pbx: Pbx, listening: ListeningIn) -> None:
        self._context = context
        self._pbx = pbx
        self._listening = listening
        self._rooms: list[Room] = []
        listening.on_out = self.out

    async def confer(self, calls: list[str], guests: list[str], by: str) -> None:
        """Bring calls and phones together; with those who are in a room with one of them already.

        Returns when all are in it.

        Raises:
            CallCenterError: the first thing that was not done; who is in already stays in.
        """
        calls = list(dict.fromkeys(calls))
        phones = [self._phone(calls[0], who) for who in dict.fromkeys(guests)]
        if len(calls) < 2 and not phones:
            raise Refused("Name a phone to bring in (--with), or a second call.")
        room = self._room(calls, len(phones))
        try:
            for call in calls:
                await self._context.inboxes.do(call, lambda open_: self._join(room, open_, by))
            asked = [self._invite(room, calls[0], phone, by) for phone in phones]
            done = await asyncio.gather(*asked, return_exceptions=True)
        finally:
            self._tidy(room)
        for problem in done:
            if isinstance(problem, BaseException):
                raise problem

    def talk_ended(self, call: str) -> None:
        """A talk is over, and with it its place in a room."""
        room = self._of(call)
        if room is not None:
            del room.talks[call]
            for guest in room.guests:
                if guest.call == call and room.talks:
                    guest.call = next(iter(room.talks))
            self._tidy(room)

    def out(self, guest: Listening) -> None:
        """A guest has left."""
        for room in list(self._rooms):
            if guest in room.guests:
                room.guests.discard(guest)
                self._tidy(room)

    # -- inside -------------------------------------------------------------------------------

    def _of(self, call: str) -> Room | None:
        return next((room for room in self._rooms if call in room.talks), None)

    def _phone(self, call: str, who: str) -> Whom:
        return whom(self._context, who, self._context.inboxes.call(call).tenant)

    def _room(self, calls: list[str], more: int) -> Room:
        """The room of one of them, or a new one; checks all before anything is done."""
        found = [self._context.inboxes.call(call) for call in calls]
        for call in found:
            if refusal := why_not(Act.CONFERENCE, call.id, call.state):
                raise refusal
            if call.tenant != found[0].tenant:
                raise OtherTenant(f"Call {call.id} belongs to another tenant than {found[0].id}.")
        rooms = {id(room): room for call in calls if (room := self._of(call)) is not None}
        if len(rooms) > 1:
            raise Refused("These calls are in two conferences already; end one of them first.")
        room = next(iter(rooms.values()), None)
        if room is None:
            room = Room(name=new_id("r"), tenant=found[0].tenant)
        new = sum(call not in room.talks for call in calls)
        if len(room.talks) + new + len(room.guests) + more > _MOST:
            raise Refused(f"A conference has at most {_MOST} calls and guests.")
        if room not in self._rooms:
            self._rooms.append(room)
        return room

    async def _join(self, room: Room, call: OpenCall, by: str) -> None:
        if call.id in room.talks:
            return
        if refusal := why_not(Act.CONFERENCE, call.id, call.state):
            raise refusal
        leg = call.talk.leg if call.talk else LegId("")
        link = await self._pbx.join_room(leg, room.name) if leg else None
        if link is None or call.talk is None:
            raise NotTalking(f"The talk of call {call.id} has ended.")
        room.talks[call.id] = link
        others = ", ".join(name for name in room.talks if name != call.id)
        now = self._context.clock.now()
        noted = Intervened(at=now, act=Act.CONFERENCE.value, by=by, to=others)
        self._context.ledger.note(call.id, noted)

    async def _invite(self, room: Room, call: str, phone: Whom, by: str) -> None:
        async def ring(dial: Dial) -> DialResult:
            return await self._pbx.invite(room.name, dial)

        guest = await self._listening.bring(call, phone, by, ring)
        room.guests.add(guest)
        if not room.talks or guest not in self._listening.book.all():
            room.guests.discard(guest)
            await self._listening.hang_up(guest.leg)
            raise NotTalking(f"The conference ended before {phone.who} was in it.")

    def _tidy(self, room: Room) -> None:
        """Nobody stays alone: not guests without a talk, not a talk without anybody else."""
        ringing = any(one.call in room.talks and not one.leg for one in self._guests())
        if room.talks and (room.guests or ringing or len(room.talks) > 1):
            return
        if room in self._rooms:
            self._rooms.remove(room)
        for leg in (*room.talks.values(), *(guest.leg for guest in room.guests)):
            self._listening.spawn_hang_up(leg)

    def _guests(self) -> list[Listening]:
        return [one for one in self._listening.book.all() if one.mode is Act.CONFERENCE]
