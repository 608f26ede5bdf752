"""Rings one extension, one outside number or one named seat for a caller."""

import re
from datetime import timedelta

from callcenter.acd import Offer, SeatState
from callcenter.calls import OpenCall
from callcenter.conductor.context import Context
from callcenter.conductor.ringing import Party, Ringing, seated
from callcenter.conductor.rings import ring_class
from callcenter.pbx.port import Channel, DialStatus, Source

RING = timedelta(seconds=30)
_PUTS_DOWN = 2.0  # seconds until the PBX has told that a telephone is free again
_OUTSIDE = re.compile(r"\+?[0-9]{1,20}")


class Reach:
    """For one caller. ``tenant`` is whose extensions may be rung; ``ringing`` a colour ring.

    ``music`` is for those who hear no colour ring and would hear nothing at all.
    """

    def __init__(
        self,
        context: Context,
        call: OpenCall,
        channel: Channel,
        tenant: str,
        ringing: str = "",
        *,
        music: str = "",
    ) -> None:
        self._music = music
        self._context = context
        self._call = call
        self._channel = channel
        self._tenant = tenant
        self._ringing = ringing

    async def extension(self, number: str, ring: timedelta | None = None) -> DialStatus:
        """A telephone of the tenant, whoever sits there."""
        found = self._context.snapshot.now.numbers.extensions.get(number)
        if found is None or found.tenant != self._tenant:
            return DialStatus.UNREACHABLE
        ringing = found.colour_ring or self._ringing
        return await self._ring(Party(kind="extension", number=number), ring or RING, ringing)

    async def outside(
        self, number: str, ring: timedelta | None = None, presents: str = ""
    ) -> DialStatus:
        """A number of the world, by the trunk that leads out."""
        trunk = self._context.snapshot.now.numbers.way_out()
        if not trunk or not _OUTSIDE.fullmatch(number):
            return DialStatus.UNREACHABLE
        party = Party(kind="outside", number=number, trunk=trunk)
        return await self._ring(party, ring or RING, self._ringing, presents)

    async def seat(self, number: str, ring: timedelta | None = None) -> DialStatus:
        """A seat of the tenant, if it is free: wherever its agent is logged in."""
        plan = self._context.snapshot.now.plan.seats.get(number)
        if plan is None or plan.tenant != self._tenant:
            return DialStatus.UNREACHABLE
        offer = self._take(number, ring or RING) or await self._freed(number, ring or RING)
        if offer is None:
            return DialStatus.BUSY
        party = seated(self._context, offer)
        return await self._ring(party, ring or RING, self._ringing)

    def _take(self, number: str, ring: timedelta) -> Offer | None:
        """The seat, unless it was taken for this caller already by whoever sent them here."""
        reserved = self._context.reserved.get(self._call.id)
        if reserved is not None and reserved.seat == number:
            return self._context.reserved.pop(self._call.id)
        return self._context.dispatcher.take(number, self._call.id, ring=ring)

    async def _freed(self, number: str, ring: timedelta) -> Offer | None:
        """The colleague who sent the caller here may have talked with this seat until just now."""
        if not self._channel.arrival.transferred_by or not self._call.answered:
            return None
        clock, seat = self._context.clock, self._context.dispatcher.seat(number)
        until = clock.monotonic() + _PUTS_DOWN
        if seat.state is SeatState.ENGAGED:
            await self._channel.music("default")
        while seat.state is SeatState.ENGAGED and clock.monotonic() < until:
            await clock.sleep(0.1)  # the PBX is telling
        return self._take(number, ring)

    async def _ring(
        self, party: Party, ring: timedelta, ringing: str, presents: str = ""
    ) -> DialStatus:
        inside = self._channel.arrival.source is Source.EXTENSION
        heard = "default" if self._call.answered and not inside else ""
        ringing_there = Ringing(
            self._context,
            self._call,
            self._channel,
            (party,),
            music=ring_class(self._context, self._tenant, ringing) or heard or self._music,
            recorded=True,
            presents=presents,
        )
        return await ringing_there.run(ring)
