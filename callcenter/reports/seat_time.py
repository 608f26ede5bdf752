"""From the log of a seat to the time it spent on what. Pure; the log is ``acd/log.py``.

A change ends the span of the one before it, so each span counts once, when its end is known. What
goes on now is added by whoever asks. ``logged_in`` is counted by the status alone, all other parts
by what was seen as well: that they add up to it is proved and not presumed.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise

from callcenter.acd.log import SeatNoted, part_of
from callcenter.acd.model import SeatStatus
from callcenter.reports.model import LOGGED_IN, Counts, Tally, key_of, split


def span_tally(noted: SeatNoted, until: datetime, since: datetime | None = None) -> Tally:
    """What a seat did from one change (or ``since``, if that is later) to the next."""
    tally, seat = Tally(), noted.seat
    begin = noted.at if since is None else max(noted.at, since)
    part, _, reason = part_of(noted).partition(": ")
    for quarter, ms in split(begin, until):
        key = key_of(Counts.SEAT_TIMES, quarter, seat)
        if noted.status is not SeatStatus.LOGGED_OUT:
            tally.add(Counts.SEAT_TIMES, key, LOGGED_IN, ms)
        if part:
            tally.add(Counts.SEAT_TIMES, key, part, ms)
        if reason:
            tally.add(Counts.PAUSES, key_of(Counts.PAUSES, quarter, seat, reason), "ms", ms)
        if part == "wrap_up" and noted.queue:
            tally.add(Counts.WRAP_UPS, key_of(Counts.WRAP_UPS, quarter, noted.queue), "ms", ms)
    return tally


def log_tally(noted: Iterable[SeatNoted]) -> Tally:
    """All closed spans of one seat; its changes in order."""
    tally = Tally()
    for this, following in pairwise(noted):
        tally.merge(span_tally(this, following.at))
    return tally
