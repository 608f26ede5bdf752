"""Why an act was not done: one sentence for a person, one stable code for programs. Pure."""

from callcenter.kernel.errors import NotFound, Refused


class CallOver(NotFound):
    """The call has ended, before the act or while it was being done."""

    code = "call_ended"


class NotTalking(Refused):
    """Nobody talks with the caller."""

    code = "not_talking"


class TalksAlready(Refused):
    """Somebody talks with the caller."""

    code = "talks_already"


class NotWaiting(Refused):
    """The caller waits in no queue."""

    code = "not_waiting"


class NotOnTheLine(Refused):
    """The call is open, but nobody is on the line."""

    code = "not_on_the_line"


class OtherTenant(Refused):
    """Call and seat belong to different companies."""

    code = "other_tenant"


class SeatUnreachable(Refused):
    """The phone that was to come in cannot be rung, or nobody picked it up."""

    code = "seat_unreachable"


class SeatTaken(Refused):
    """The seat is not free for it."""

    code = "seat_taken"


class ListensAlready(Refused):
    """As many calls as are allowed are listened to from there."""

    code = "listens_already"


class NotListening(Refused):
    """Nobody listens from there."""

    code = "not_listening"
