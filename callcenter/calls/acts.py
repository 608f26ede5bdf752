"""What supervisors do to a call, as events of it. Pure."""

from callcenter.calls.event import CallEvent


class Intervened(CallEvent, frozen=True, kw_only=True):
    """Somebody stepped in from outside the call, and it was done.

    ``act`` is a word of :class:`callcenter.supervision.Act`, ``by`` who did it, ``who`` the seat or
    number that came in by it, ``to`` what became of the caller (a place, a priority).
    """

    act: str
    by: str
    who: str = ""
    to: str = ""


class SteppedOut(CallEvent, frozen=True, kw_only=True):
    """Who came in to listen or to talk is out again, while the call goes on."""

    act: str
    who: str


class Prioritised(CallEvent, frozen=True, kw_only=True):
    """The waiting caller has another priority from now on."""

    queue: str
    priority: int
