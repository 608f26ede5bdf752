"""Whose phone comes into a call: a seat, an extension or an outside number, as it was named."""

import re
from dataclasses import dataclass

from callcenter.acd import SeatState, SeatStatus, SeatView
from callcenter.conductor.context import Context
from callcenter.conductor.remote import target
from callcenter.kernel.actor import require_own
from callcenter.kernel.errors import NotFound, Refused
from callcenter.pbx.port import Outside
from callcenter.supervision.refusals import OtherTenant, SeatTaken, SeatUnreachable

_OUTSIDE = re.compile(r"\+?[0-9]{5,20}")


@dataclass(frozen=True, kw_only=True)
class Whom:
    """``who`` as named, ``seat`` when one is logged in there, ``number`` where the phone is."""

    who: str
    seat: str = ""
    number: str
    party: str | Outside


def whom(context: Context, who: str, tenant: str) -> Whom:
    """Whose phone to ring for a call of ``tenant``.

    Raises:
        NotFound, OtherTenant, SeatUnreachable: it cannot be rung for this call, and why.
    """
    snapshot = context.snapshot.now
    if (plan := snapshot.plan.seats.get(who)) is not None:
        _require_tenant("seat", who, plan.tenant, tenant)
        extension = context.dispatcher.seat(who).extension
        if not extension:
            raise SeatUnreachable(f"Seat {who} is not logged in at any phone; log it in first.")
        return Whom(who=who, seat=who, number=extension, party=target(context, extension))
    if (found := snapshot.numbers.extensions.get(who)) is not None:
        _require_tenant("extension", who, found.tenant, tenant)
        seat = context.dispatcher.seat_at(who)
        return Whom(who=who, seat=seat.plan.number if seat else "", number=who, party=who)
    if not _OUTSIDE.fullmatch(who):
        raise NotFound(f"There is no seat or extension {who}; name one, or an outside number.")
    trunk = snapshot.numbers.way_out()
    if not trunk:
        raise SeatUnreachable("No trunk leads out, so no outside number can be rung.")
    return Whom(who=who, number=who, party=Outside(number=who, trunk=trunk))


def _require_tenant(kind: str, name: str, owner: str, tenant: str) -> None:
    if owner == tenant:
        return
    require_own(owner, f"There is no {kind} {name}.")
    raise OtherTenant(f"The {kind} {name} belongs to another tenant than the call.")


def seat_refusal(seat: SeatView) -> Refused:
    """Why a seat can be brought into no call just now."""
    if seat.status is SeatStatus.LOGGED_OUT:
        return SeatUnreachable(f"Seat {seat.seat} is not logged in at any phone; log it in first.")
    if seat.state is SeatState.UNREACHABLE:
        return SeatUnreachable(f"The phone {seat.extension} of seat {seat.seat} is not registered.")
    if seat.state is SeatState.IDLE:
        why = "is on a break" if seat.status is SeatStatus.BUSY else "takes no call just now"
    else:
        why = f"is {seat.state.value.replace('_', ' ')}; its phone has to be free"
    return SeatTaken(f"Seat {seat.seat} {why}.")
