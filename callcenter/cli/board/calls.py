"""The list of calls: who, where, for how long; those who wait first. Pure."""

from datetime import datetime

from callcenter.cli.board.columns import Cell, Column, Mood, Row, Tab, since
from callcenter.cli.shown import duration, words

_CALL_STATES = {
    "arriving": ("→ arriving", Mood.PLAIN),
    "in_flow": ("≡ in menu", Mood.PLAIN),
    "waiting": ("… waiting", Mood.LOOK),
    "ringing": ("▲ ringing", Mood.LOOK),
    "talking": ("● talking", Mood.BUSY),
    "on_hold": ("‖ on hold", Mood.LOOK),
    "callback": ("↩ callback", Mood.PLAIN),
    "returning": ("↻ returning", Mood.LOOK),
}
_CALL_RANKS = tuple(
    "waiting ringing talking on_hold callback in_flow arriving returning".split()  # noqa: SIM905
)


def _call_state(row: Row, _now: datetime) -> Cell:
    return _CALL_STATES.get(row["state"], (words(row["state"]), Mood.PLAIN))


def _call_since(row: Row, now: datetime) -> Cell:
    waits = row["state"] in ("waiting", "ringing") and row["waiting_since"]
    seconds = since(row["waiting_since"] if waits else row["since"], now)
    late = waits and seconds is not None and seconds > 60
    return duration(seconds), Mood.BAD if late else Mood.PLAIN


def _call_rank(row: Row) -> tuple[int, str]:
    state = row["state"]
    rank = _CALL_RANKS.index(state) if state in _CALL_RANKS else len(_CALL_RANKS)
    return rank, row["waiting_since"] or row["since"]


def _with(row: Row, _now: datetime) -> Cell:
    if row["seat"] and row["to"] not in ("", row["seat"]):
        return f"{row['seat']} @{row['to']}", Mood.PLAIN
    return row["seat"] or row["to"], Mood.PLAIN


CALLS = Tab(
    kind="call",
    title="Calls",
    none="No call is running.",
    first=1,
    columns=(
        Column(
            title="CALLER",
            width=15,
            share=2,
            cell=lambda row, _: (row["caller"] or "withheld", Mood.NAME),
            order=lambda row: row["caller"],
        ),
        Column(title="STATE", width=11, cell=_call_state, order=_call_rank),
        Column(title="FOR", width=7, right=True, cell=_call_since, order=lambda row: row["since"]),
        Column(
            title="QUEUE",
            width=11,
            share=1,
            cell=lambda row, _: (row["queue"], Mood.PLAIN),
            order=lambda row: (not row["queue"], row["queue"]),
        ),
        Column(
            title="WITH",
            width=10,
            share=1,
            cell=_with,
            order=lambda row: (not row["seat"], row["seat"], row["to"]),
        ),
        Column(
            title="DIALLED",
            width=11,
            cell=lambda row, _: (row["dialled"], Mood.FAINT),
            order=lambda row: row["dialled"],
        ),
        Column(
            title="AGE",
            width=7,
            right=True,
            cell=lambda row, now: (duration(since(row["started_at"], now)), Mood.FAINT),
            order=lambda row: row["started_at"],
        ),
    ),
)
