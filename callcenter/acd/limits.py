"""When a queue does not take a caller, or keeps them no longer (Q4). Pure."""

from callcenter.acd.model import Limits, Overflow, OverflowReason


def refuses(limits: Limits, waiting: int, logged_in: int) -> OverflowReason | None:
    """Why a caller may not join a queue with so many waiting and so many seats logged in."""
    if limits.needs_seat and logged_in == 0:
        return OverflowReason.NO_SEAT
    if limits.most_waiting is not None and waiting >= limits.most_waiting:
        return OverflowReason.FULL
    return None


def overflow(call: str, queue: str, limits: Limits, reason: OverflowReason) -> Overflow:
    """The caller is sent where the queue's plan says."""
    to = {
        OverflowReason.FULL: limits.full_to,
        OverflowReason.NO_SEAT: limits.no_seat_to,
        OverflowReason.WAITED: limits.waited_to,
        OverflowReason.KEY: limits.key_to,
    }.get(reason, "")
    return Overflow(call=call, queue=queue, reason=reason, to=to)
