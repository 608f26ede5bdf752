"""Seats and calls of a running engine, as far as they exist for whoever asks."""

from callcenter.acd.seat import Seat
from callcenter.calls import OpenCall
from callcenter.engine import Engine
from callcenter.kernel.actor import require_own
from callcenter.kernel.errors import NotFound


def require_own_seat(engine: Engine, seat: str) -> Seat:
    """A seat.

    Raises:
        NotFound: there is none, or it is another tenant's.
    """
    found = engine.dispatcher.seat(seat)
    require_own(found.plan.tenant, f"There is no seat {seat}.")
    return found


def require_own_call(engine: Engine, call: str) -> OpenCall:
    """A call that has not ended.

    Raises:
        NotFound: there is none, or it is another tenant's.
    """
    found = engine.ledger.open.get(call)
    if found is None:
        raise NotFound(f"There is no running call {call}.")
    require_own(found.tenant, f"There is no running call {call}.")
    return found
