"""What supervisors may do to a call, and when a call is in no state for it. Pure.

The conductor asks :func:`why_not` in the call's own turn, then acts.
"""

from enum import StrEnum

from callcenter.calls.open_call import CallState
from callcenter.kernel.errors import CallCenterError
from callcenter.supervision.refusals import NotOnTheLine, NotTalking, NotWaiting, TalksAlready

_S = CallState


class Act(StrEnum):
    """Acts on one call (V1, V2)."""

    MONITOR = "monitor"
    WHISPER = "whisper"
    BARGE = "barge"
    CONFERENCE = "conference"
    HANGUP = "hangup"
    TRANSFER = "transfer"
    PICKUP = "pickup"
    TAKEOVER = "takeover"
    MOVE = "move"
    PRIORITISE = "prioritise"
    RECORD = "record"


LISTENING = (Act.MONITOR, Act.WHISPER, Act.BARGE)
"""Modes of one listening; switched while it is on."""

_ANY = frozenset(_S) - {_S.CALLBACK}
_TALK = frozenset({_S.TALKING, _S.ON_HOLD})
_UNANSWERED = frozenset({_S.WAITING, _S.RINGING})

POSSIBLE: dict[Act, frozenset[CallState]] = {
    Act.MONITOR: _TALK,
    Act.WHISPER: _TALK,
    Act.BARGE: _TALK,
    Act.CONFERENCE: _TALK,
    Act.HANGUP: _ANY,
    Act.TRANSFER: _ANY,
    Act.PICKUP: _UNANSWERED,
    Act.TAKEOVER: _TALK,
    Act.MOVE: frozenset({_S.WAITING}),
    Act.PRIORITISE: frozenset({_S.WAITING, _S.CALLBACK}),
    Act.RECORD: _ANY,
}
"""In which states of a call each act has a meaning."""


def why_not(act: Act, call: str, state: CallState) -> CallCenterError | None:
    """What is in the way; ``None`` when the act may be done."""
    if state in POSSIBLE[act]:
        return None
    if state is _S.CALLBACK:
        return NotOnTheLine(f"The caller of {call} has hung up and waits to be called back.")
    if act is Act.PICKUP and state in _TALK:
        return TalksAlready(f"The caller of {call} talks already; take the call over instead.")
    if POSSIBLE[act] is _TALK:
        return NotTalking(f"Nobody talks with the caller of {call}: it is {_words(state)}.")
    return NotWaiting(f"The caller of {call} does not wait in a queue: it is {_words(state)}.")


def _words(state: CallState) -> str:
    return state.value.replace("_", " ")
