"""What the REST API may ask about agents, answered by the running engine."""

import asyncio
import re
from datetime import datetime, timedelta

from callcenter.acd import Disposed, SeatView
from callcenter.acd.desk import OUTSIDE
from callcenter.acd.log import SeatTimes, dispositions_of, seat_times
from callcenter.calls.store import get_cdr
from callcenter.engine import Engine
from callcenter.kernel.actor import acting, sees
from callcenter.kernel.errors import NotFound, Refused
from callcenter.services.own import require_own_seat
from callcenter.services.supervision import EngineSupervision

_DAY = timedelta(days=1)


class EngineAgents:
    """See :class:`callcenter.web.agents.Agents`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def log_in_outside(self, seat: str, number: str) -> None:
        """Put an agent at an outside telephone, who presses 1 for each call."""
        require_own_seat(self._engine, seat)
        if not re.fullmatch(r"\+?[0-9]{3,20}", number):
            raise Refused(f"{number!r} is no telephone number; write digits, perhaps a + before.")
        if not self._engine.snapshot.now.numbers.way_out():
            raise Refused("No trunk leads out; give one a contact first.")
        self._engine.dispatcher.log_in(seat, OUTSIDE + number, by=acting.get().name)

    def wrap_up(self, seat: str, seconds: float) -> SeatView:
        """More wrap-up."""
        require_own_seat(self._engine, seat)
        self._engine.dispatcher.wrap_up(seat, seconds)
        return self._engine.dispatcher.seat(seat).view()

    def dispose(self, seat: str, code: str) -> SeatView:
        """What came of its last call."""
        require_own_seat(self._engine, seat)
        self._engine.dispatcher.dispose(seat, code, by=acting.get().name)
        return self._engine.dispatcher.seat(seat).view()

    async def dispositions(self, call: str) -> list[Disposed]:
        """What agents said of a call."""

        running = self._engine.ledger.open.get(call)

        def read() -> list[Disposed]:
            with self._engine.database.connect() as connection:
                ended = None if running else get_cdr(connection, call)
                if (found := running or ended) is not None and not sees(found.tenant):
                    raise NotFound(f"There is no call {call}.")
                return dispositions_of(connection, call)

        return await asyncio.to_thread(read)

    async def times(self, seat: str, since: datetime | None, until: datetime | None) -> SeatTimes:
        """How a seat spent its time."""
        require_own_seat(self._engine, seat)
        until = min(until or self._engine.clock.now(), self._engine.clock.now())
        begin = since or until - _DAY

        def read() -> SeatTimes:
            with self._engine.database.connect() as connection:
                return seat_times(connection, seat, begin, until)

        return await asyncio.to_thread(read)

    async def transfer(self, call: str, to: str) -> None:
        """Send the caller on."""
        await EngineSupervision(self._engine).transfer(call, to)

    async def message(self, seat: str, sender: str, text: str) -> None:
        """A text to the phone of a seat."""
        found = require_own_seat(self._engine, seat)
        if not found.extension:
            raise Refused(f"Seat {seat} is not logged in; nobody would read the message.")
        if not await self._engine.pbx.message(sender, found.extension, text):
            raise Refused(f"The phone {found.extension} of seat {seat} is not registered.")
