"""What the dialplan tells about a dial, in one string; the same in three places.

``DIALSTATUS|leg~party|answered|HANGUPCAUSE|end|dialling`` comes as an AGI argument when a channel
returns, as the value of an expression when a dial or the call ends, and in AstDB for calls that
ended while no engine listened. Times are milliseconds since 1970 on Asterisk's clock. Its own
``ANSWEREDTIME`` is of no use: it counts from when the *caller's* channel was answered.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from callcenter.pbx.causes import Cause
from callcenter.pbx.port import DialResult, DialStatus, LegId

EXPRESSION = (
    "${DIALSTATUS}|${SHARED(CC_LEG)}|${SHARED(CC_ANSWERED)}"
    "|${HANGUPCAUSE}|${STRFTIME(,UTC,%s%3q)}|${CC_DIALLING}"
    "|${CONTEXT}|${EXTEN}|${PRIORITY}|${CHANNEL}|${CC_OWNER}"
)
"""What Asterisk is asked to evaluate; the rest is where in the dialplan the channel stands, and
whose it is now: its name, and the unique id of that with which its script began."""

_OTHER_END = {
    Cause.REJECTED: DialStatus.BUSY,  # 603 Decline: somebody pressed reject
    Cause.NO_ANSWER: DialStatus.NO_ANSWER,  # 480
}


@dataclass(frozen=True, kw_only=True)
class DialFacts:
    """The string, taken apart. ``dialling`` is false when it speaks of a dial already reported."""

    status: str = ""
    leg: str = ""
    party: str = ""
    answered: datetime | None = None
    cause: Cause = Cause.UNKNOWN
    end: datetime | None = None
    dialling: bool = False
    place: tuple[str, ...] = ()
    channel: str = ""
    owner: str = ""

    @classmethod
    def parse(cls, text: str) -> "DialFacts":
        """Read the string; what is missing or unreadable stays unknown."""
        status, leg, answered, cause, end, dialling, *rest = text.split("|") + [""] * 11
        leg, _, party = leg.partition("~")
        return cls(
            status=status.lower(),
            leg=leg,
            party=party.partition("@")[0],
            answered=read_time(answered),
            cause=Cause.of(cause),
            end=read_time(end),
            dialling=dialling == "1",
            place=tuple(rest[:3]),
            channel=rest[3],
            owner=rest[4],
        )

    def result(self, node: str, now: datetime) -> DialResult:
        """The dial's result; ``now`` is its end when none was noted."""
        leg = LegId(f"{node}/{self.leg}") if self.leg else None
        status = self._status()
        if status is not DialStatus.ANSWER:
            return DialResult(status=status, leg=leg)
        end = self.end or now
        answered = self.answered or end  # gone in the instant of the answer
        return DialResult(
            status=status, leg=leg, answered_at=answered, talk=end - answered, party=self.party
        )

    def _status(self) -> DialStatus:
        try:
            status = DialStatus(self.status)
        except ValueError:  # DONTCALL, TORTURE, INVALIDARGS, or none: it never rang
            return DialStatus.CONGESTION
        if status in (DialStatus.UNREACHABLE, DialStatus.CONGESTION):
            return _OTHER_END.get(self.cause, status)
        return status


def read_time(milliseconds: str) -> datetime | None:
    """From milliseconds since 1970; ``None`` when there are none."""
    if not milliseconds.isdecimal() or len(milliseconds) > 14:
        return None
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(milliseconds))
