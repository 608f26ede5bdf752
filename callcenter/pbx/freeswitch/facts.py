"""What FreeSWITCH tells about a dial, the same in three places. Pure.

``dialling!originate_disposition!leg~party~answered!q850 cause!end``: among the variables of a
channel that returns, in its last event, and in the note of a call that ended while no engine
listened, which the dialplan writes. Times are microseconds since 1970 on FreeSWITCH's clock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from callcenter.pbx.causes import Cause
from callcenter.pbx.port import DialResult, DialStatus, LegId

_STATUS = {
    "SUCCESS": DialStatus.ANSWER,
    "USER_BUSY": DialStatus.BUSY,
    "CALL_REJECTED": DialStatus.BUSY,  # 603 Decline: somebody pressed reject
    "NO_ANSWER": DialStatus.NO_ANSWER,
    "NO_USER_RESPONSE": DialStatus.NO_ANSWER,
    "ALLOTTED_TIMEOUT": DialStatus.NO_ANSWER,
    "PROGRESS_TIMEOUT": DialStatus.NO_ANSWER,
    "ORIGINATOR_CANCEL": DialStatus.CANCELLED,
    "LOSE_RACE": DialStatus.CANCELLED,  # of several that rang, another one answered
    "NORMAL_CLEARING": DialStatus.NO_ANSWER,  # picked up, and left before being joined
    "USER_NOT_REGISTERED": DialStatus.UNREACHABLE,
    "SUBSCRIBER_ABSENT": DialStatus.UNREACHABLE,
    "NO_ROUTE_DESTINATION": DialStatus.UNREACHABLE,
    "DESTINATION_OUT_OF_ORDER": DialStatus.UNREACHABLE,
    "GATEWAY_DOWN": DialStatus.UNREACHABLE,
    "RECOVERY_ON_TIMER_EXPIRE": DialStatus.UNREACHABLE,
    "UNALLOCATED_NUMBER": DialStatus.UNREACHABLE,
    "NORMAL_TEMPORARY_FAILURE": DialStatus.UNREACHABLE,  # nobody at its address
}


@dataclass(frozen=True, kw_only=True)
class DialFacts:
    """The parts. ``dialling`` is false when there was no dial that is not reported yet."""

    dialling: bool = False
    disposition: str = ""
    leg: str = ""
    party: str = ""
    answered: datetime | None = None
    cause: Cause = Cause.UNKNOWN
    end: datetime | None = None

    @classmethod
    def of_variables(cls, variable: Callable[[str], str]) -> "DialFacts":
        """From the variables of a channel."""
        leg, party, answered = [*variable("cc_answered").split("~"), "", "", ""][:3]
        return cls(
            dialling=variable("cc_dialling") == "1",
            disposition=variable("originate_disposition"),
            leg=leg,
            party=party,
            answered=read_time(answered),
            cause=Cause.of(variable("hangup_cause_q850") or None),
            end=read_time(variable("cc_dial_end")),
        )

    @classmethod
    def of_note(cls, note: str) -> tuple[datetime | None, "DialFacts"]:
        """From what the dialplan notes: ``time!dialling!...!end``; also when it was written."""
        at, found = variables_of_note(note)
        return read_time(at), cls.of_variables(lambda name: found.get(name, ""))

    def result(self, node: str, now: datetime) -> DialResult:
        """The dial's result; ``now`` is its end when none was noted."""
        status = DialStatus.ANSWER if self.answered else self.status
        leg = LegId(f"{node}/{self.leg}") if self.leg else None
        if status is not DialStatus.ANSWER:
            return DialResult(status=status, leg=leg)
        end = self.end or now
        answered = self.answered or end
        return DialResult(
            status=status,
            leg=leg,
            answered_at=answered,
            talk=max(end - answered, timedelta()),
            party=self.party,
        )

    @property
    def status(self) -> DialStatus:
        """Of a dial that nobody answered."""
        return _STATUS.get(self.disposition, DialStatus.CONGESTION)


def variables_of_note(note: str) -> tuple[str, dict[str, str]]:
    """When a note was written, and the variables that the channel had."""
    words = (note.split("!") + [""] * 6)[:6]
    names = ("cc_dialling", "originate_disposition", "cc_answered", "hangup_cause_q850")
    return words[0], dict(zip((*names, "cc_dial_end"), words[1:], strict=True))


def read_time(microseconds: str) -> datetime | None:
    """From microseconds since 1970; ``None`` when there are none."""
    if not microseconds.isdecimal() or len(microseconds) > 17:
        return None
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(microseconds))
