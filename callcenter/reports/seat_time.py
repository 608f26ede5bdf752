"""From the log of a seat to the time it spent on what. Pure; the log is ``acd/log.py``.

A change ends the span of the one before it, so each span counts once, when its end is known. What
goes on now is added by whoever asks. ``LOGGED_IN`` is counted by the status alone, all other parts
by what was seen as well: that they add up to it is proved and not presumed.
"""

from collections.abc import Iterable
from datetime import datetime

from callcenter.acd.log import SeatNoted, part_of
from callcenter.acd.model import SeatStatus
from callcenter.reports.model import Counts, Tally, key_of, split

LOGGED_IN = "logged_in"


def span_tally(noted: SeatNoted, until: datetime, since: datetime | None = None) -> Tally:
    """What a seat did from one change (or ``since``, if that is later) to the next."""
    tally = Tally()
    begin = noted.at if since is None else max(noted.at, since)
    if noted.status is not SeatStatus.LOGGED_OUT:
        _add(tally, noted.seat, LOGGED_IN, "", begin=begin, until=until)
    if part := part_of(noted):
        _add(tally, noted.seat, part, noted.queue, begin=begin, until=until)
    return tally


def log_tally(noted: Iterable[SeatNoted]) -> Tally:
    """All closed spans of one seat; its changes in order."""
    tally = Tally()
    before: SeatNoted | None = None
    for this in noted:
        if before is not None:
            tally.merge(span_tally(before, this.at))
        before = this
    return tally


def _add(
    tally: Tally, seat: str, part: str, queue: str, *, begin: datetime, until: datetime
) -> None:
    for quarter, ms in split(begin, until):
        table = Counts.SEAT_TIMES
        tally.add(table, key_of(table, quarter, seat, part, queue), "ms", ms)
