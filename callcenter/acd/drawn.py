"""Writes ``docs/reference/seat-states.md`` from the one table of a seat's states.

``python -m callcenter.acd.drawn`` rewrites it; a test fails when that was forgotten.
"""

from callcenter.acd.model import TABLE, Cue, SeatState
from callcenter.settings import PROJECT

PAGE = PROJECT / "docs" / "reference" / "seat-states.md"
_STATES = {
    SeatState.IDLE: "nothing is going on",
    SeatState.RINGING: "an offer holds the seat",
    SeatState.TALKING: "with a caller of a queue",
    SeatState.ON_HOLD: "with a caller of a queue who hears music",
    SeatState.WRAP_UP: "writing up after a call",
    SeatState.ENGAGED: "on the phone, but not for a queue",
    SeatState.UNREACHABLE: "the phone does not register or answer",
}
_CUES = {
    Cue.OFFERED: "the dispatcher takes the seat for a caller",
    Cue.ANSWERED: "the agent picks up",
    Cue.OFFER_FAILED: "rejected, not answered, not reached, caller gone, withdrawn or expired",
    Cue.TALK_ENDED: "caller and agent are apart",
    Cue.HELD: "the agent presses hold",
    Cue.TAKEN_OFF_HOLD: "the agent goes on talking",
    Cue.WRAP_UP_OVER: "its time is over, or the agent says ready",
    Cue.PHONE_LOST: "the phone is seen to be away",
    Cue.PHONE_IDLE: "the phone is seen, on hook",
    Cue.PHONE_IN_USE: "the phone is seen, off hook",
    Cue.WRAP_UP_ASKED: "the agent asks for time, or the phone is back before wrap-up was over",
    Cue.LOGGED_OUT: "the agent logs out",
    Cue.ADOPTED_RINGING: "a ring of an earlier engine is found going on",
    Cue.ADOPTED_TALKING: "a talk of an earlier engine is found going on",
}
_HEAD = """\
# States of a seat

Written by `python -m callcenter.acd.drawn` from `TABLE` in `callcenter/acd/model.py`; do not edit.

A seat has two fields. Its **status** is what the agent says: logged out, ready, or busy with a
reason. Its **state** is what is seen, and follows this table. A cue that the table does not know
in a state changes nothing. A seat is offered a caller when it is ready, idle, held by no offer and
not resting after a miss.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_picture(), "", *_table(), "", *_legend()]) + "\n"


def _picture() -> list[str]:
    arrows: dict[tuple[SeatState, SeatState], list[str]] = {}
    for (state, cue), following in TABLE.items():
        arrows.setdefault((state, following), []).append(cue.value)
    lines = [f"  {a.value} --> {b.value}: {', '.join(cues)}" for (a, b), cues in arrows.items()]
    return ["```mermaid", "stateDiagram-v2", "  [*] --> idle", *lines, "```"]


def _table() -> list[str]:
    head = ["cue", *(state.value for state in SeatState)]
    rows = [head, ["---"] * len(head)]
    for cue in Cue:
        cells = [TABLE.get((state, cue)) for state in SeatState]
        rows.append([cue.value, *(cell.value if cell else "·" for cell in cells)])
    return [f"| {' | '.join(row)} |" for row in rows]


def _legend() -> list[str]:
    states = [f"| {state.value} | {_STATES[state]} |" for state in SeatState]
    cues = [f"| {cue.value} | {_CUES[cue]} |" for cue in Cue]
    return [
        "| state | meaning |",
        "|---|---|",
        *states,
        "",
        "| cue | meaning |",
        "|---|---|",
        *cues,
    ]


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
