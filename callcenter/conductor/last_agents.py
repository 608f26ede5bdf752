"""Which seat last spoke with which caller (I7): bounded, in memory, filled from CDRs."""

from collections import OrderedDict
from collections.abc import Iterable

from callcenter.calls import Cdr
from callcenter.calls.ledger import CallClosed

MOST = 100_000


class LastAgents:
    """The newest callers; who has not called for the longest is forgotten first."""

    def __init__(self) -> None:
        self._seats: OrderedDict[tuple[str, str], str] = OrderedDict()

    def fill(self, cdrs: Iterable[Cdr]) -> None:
        """CDRs in the order in which their calls ended."""
        for cdr in cdrs:
            self._take(cdr)

    def note(self, closed: CallClosed) -> None:
        """A call has ended."""
        self._take(closed.cdr)

    def of(self, tenant: str, caller: str) -> str:
        """The seat's number; "" when none is known, or the caller hides."""
        return self._seats.get((tenant, caller), "") if caller else ""

    def _take(self, cdr: Cdr) -> None:
        if not cdr.seat or not cdr.caller:
            return
        self._seats[cdr.tenant, cdr.caller] = cdr.seat
        self._seats.move_to_end((cdr.tenant, cdr.caller))
        if len(self._seats) > MOST:
            self._seats.popitem(last=False)
