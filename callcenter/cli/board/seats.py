"""The list of seats: what each agent says and does, since when, with whom. Pure."""

from datetime import datetime

from callcenter.cli.board.columns import Cell, Column, Mood, Row, Tab, since
from callcenter.cli.shown import duration, words

_SEAT_STATES = {
    "ringing": ("▲ ringing", Mood.LOOK),
    "talking": ("● talking", Mood.BUSY),
    "on_hold": ("‖ on hold", Mood.LOOK),
    "wrap_up": ("◒ wrap-up", Mood.BUSY),
    "engaged": ("◆ engaged", Mood.BUSY),
    "unreachable": ("✕ no phone", Mood.BAD),
}
_SEAT_RANKS = ("ringing", "talking", "on_hold", "engaged", "wrap_up", "unreachable", "idle")


def _seat_state(row: Row, _now: datetime) -> Cell:
    if row["state"] != "idle":
        return _SEAT_STATES.get(row["state"], (words(row["state"]), Mood.PLAIN))
    if row["status"] == "ready":
        return "○ free", Mood.GOOD
    return ("", Mood.FAINT)


def _seat_status(row: Row, now: datetime) -> Cell:
    if row["status"] == "logged_out":
        return "out", Mood.FAINT
    if row["status"] == "ready":
        return "ready", Mood.GOOD
    late = row["state"] == "idle" and row["until"] and now > datetime.fromisoformat(row["until"])
    return row["reason"] or "busy", Mood.BAD if late else Mood.LOOK


def _seat_since(row: Row, now: datetime) -> Cell:
    mood = Mood.FAINT if row["status"] == "logged_out" else Mood.PLAIN
    talks = row["talking_since"] if row["state"] in ("talking", "on_hold") else None
    return duration(since(talks or row["since"], now)), mood


def _seat_rank(row: Row) -> tuple[int, int, str]:
    status = ("ready", "busy", "logged_out").index(row["status"])
    return (status == 2, _SEAT_RANKS.index(row["state"]) if status < 2 else 0, row["seat"])


SEATS = Tab(
    kind="seat",
    title="Seats",
    none="No seat has been set up.",
    first=3,
    columns=(
        Column(
            title="SEAT",
            width=7,
            cell=lambda row, _: (row["seat"], Mood.NAME),
            order=lambda row: row["seat"],
        ),
        Column(
            title="NAME",
            width=14,
            share=1,
            cell=lambda row, _: (row["name"], Mood.PLAIN),
            order=lambda row: row["name"],
        ),
        Column(
            title="STATUS", width=9, cell=_seat_status, order=lambda r: (r["status"], r["reason"])
        ),
        Column(title="STATE", width=11, cell=_seat_state, order=_seat_rank),
        Column(
            title="SINCE", width=8, right=True, cell=_seat_since, order=lambda row: row["since"]
        ),
        Column(
            title="WITH",
            width=15,
            share=1,
            cell=lambda row, _: (row["caller"], Mood.PLAIN),
            order=lambda row: (not row["caller"], row["caller"]),
        ),
        Column(
            title="QUEUE",
            width=9,
            share=1,
            cell=lambda row, _: (row["queue"], Mood.FAINT),
            order=lambda row: (not row["queue"], row["queue"]),
        ),
    ),
)
