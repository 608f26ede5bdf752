"""Places of callers who hung up, kept for those who dial again soon (Q5)."""

from datetime import datetime, timedelta
from itertools import islice


class Places:
    """First arrivals by queue and caller; forgotten when their time is over."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[datetime, datetime]] = {}

    def keep(
        self, queue: str, caller: str, joined_at: datetime, now: datetime, within: timedelta
    ) -> None:
        """Who is back by then gets the old place."""
        if caller and within > timedelta(0):
            self._kept.pop((queue, caller), None)
            self._kept[(queue, caller)] = (joined_at, now + within)
            self._forget(now)

    def regain(self, queue: str, caller: str, now: datetime) -> datetime | None:
        """First arrival of a caller who is back in time; once."""
        joined_at, until = self._kept.pop((queue, caller), (None, now))
        return joined_at if until > now else None

    def _forget(self, now: datetime) -> None:
        """The oldest are at the front; two for each kept one keeps the book short."""
        for key in list(islice(self._kept, 2)):
            if self._kept[key][1] <= now:
                del self._kept[key]
