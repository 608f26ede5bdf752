"""What the REST API may ask in the name of a supervisor, handed to the conductor."""

from callcenter.acd import SeatView
from callcenter.engine import Engine
from callcenter.kernel.actor import acting, require_own, sees
from callcenter.kernel.errors import NotFound, Refused
from callcenter.numbers import Destination, Kind
from callcenter.supervision import Act, ListeningView
from callcenter.supervision.refusals import OtherTenant

_PLACES = (Kind.SEAT, Kind.QUEUE, Kind.EXTENSION, Kind.OUTSIDE)


class EngineSupervision:
    """See :class:`callcenter.web.supervision.Supervision`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # -- listening ----------------------------------------------------------------------------

    def listeners(self) -> list[ListeningView]:
        """Who listens to what."""
        book = self._engine.conductor.listening.book
        return [one.view for one in book.all() if sees(one.tenant)]

    async def listen(self, call: str, mode: Act, who: str) -> ListeningView:
        """Ring a phone and let it listen, or switch one that listens."""
        listening = self._engine.conductor.listening
        return (await listening.listen(call, mode, who, _by())).view

    async def switch(self, call: str, mode: Act, who: str) -> ListeningView:
        """Another mode."""
        return (await self._engine.conductor.listening.switch(call, mode, who, _by())).view

    async def leave(self, call: str, who: str) -> None:
        """Take a phone out of a call."""
        await self._engine.conductor.listening.leave(call, who)

    # -- by force -----------------------------------------------------------------------------

    async def hang_up(self, call: str) -> None:
        """End a call."""
        await self._engine.conductor.stepping.hang_up(call, _by())

    async def transfer(self, call: str, to: str) -> None:
        """Send the caller on."""
        place = Destination.parse(to)
        self._require_known(place, self._engine.conductor.inboxes.call(call).tenant)
        await self._engine.conductor.stepping.transfer(call, place, _by())

    async def pick_up(self, call: str, seat: str) -> None:
        """A waiting caller to this seat."""
        self._require_seat(call, seat)
        await self._engine.conductor.stepping.pick_up(call, seat, _by())

    async def take_over(self, call: str, seat: str) -> None:
        """A talking caller to this seat."""
        self._require_seat(call, seat)
        await self._engine.conductor.stepping.take_over(call, seat, _by())

    async def conference(self, calls: list[str], guests: list[str]) -> None:
        """Others into a talk."""
        await self._engine.conductor.conferring.confer(calls, guests, _by())

    async def move(self, call: str, queue: str) -> None:
        """A waiting caller to another queue."""
        tenant = self._engine.conductor.inboxes.call(call).tenant
        self._require_known(Destination(kind=Kind.QUEUE, name=queue), tenant)
        await self._engine.conductor.stepping.move(call, queue, _by())

    async def prioritise(self, call: str, priority: int | None) -> int:
        """A waiting caller sooner or later."""
        return await self._engine.conductor.stepping.prioritise(call, priority, _by())

    def force(self, seat: str, status: str, reason: str) -> SeatView:
        """Say for an agent what the agent does not."""
        dispatcher = self._engine.dispatcher
        found = dispatcher.seat(seat)
        require_own(found.plan.tenant, f"There is no seat {seat}.")
        match status:
            case "ready":
                dispatcher.ready(seat, by=_by())
            case "busy":
                pauses = self._engine.snapshot.now.plan.pauses_of(found.plan.tenant)
                pause = next((p for p in pauses if reason in (p.key, p.name)), None)
                name, limit = (pause.name, pause.limit) if pause else (reason, None)
                dispatcher.busy(seat, name, by=_by(), limit=limit)
            case _:
                dispatcher.log_out(seat, by=_by())
        return found.view()

    # -- inside -------------------------------------------------------------------------------

    def _require_seat(self, call: str, seat: str) -> None:
        tenant = self._engine.conductor.inboxes.call(call).tenant
        self._require_known(Destination(kind=Kind.SEAT, name=seat), tenant)

    def _require_known(self, place: Destination, tenant: str) -> None:
        """The place exists and belongs to the tenant of the call."""
        snapshot, name = self._engine.snapshot.now, place.name
        if place.kind not in _PLACES:
            raise Refused(
                f"No caller can be sent to {place}; "
                "write seat:1002, queue:sales, extension:1003 or outside:NUMBER."
            )
        if place.kind is Kind.OUTSIDE:
            return
        tables = {
            Kind.SEAT: snapshot.plan.seats,
            Kind.QUEUE: snapshot.plan.queues,
            Kind.EXTENSION: snapshot.numbers.extensions,
        }
        known = tables[place.kind].get(name)  # type: ignore[attr-defined]
        missing = f"There is no {place.kind} {name}."
        if known is None:
            raise NotFound(missing)
        if known.tenant != tenant:
            require_own(known.tenant, missing)
            raise OtherTenant(f"The {place.kind} {name} belongs to another tenant than the call.")


def _by() -> str:
    return acting.get().name
