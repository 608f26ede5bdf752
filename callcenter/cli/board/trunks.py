"""The list of trunks: whether the other end answers. Pure."""

from datetime import datetime

from callcenter.cli.board.columns import Cell, Column, Mood, Row, Tab

_TRUNK_STATES = {
    "reachable": ("● reachable", Mood.GOOD),
    "unreachable": ("✕ unreachable", Mood.BAD),
    "unknown": ("· not watched", Mood.FAINT),
}


def _round_trip(row: Row, _now: datetime) -> Cell:
    seconds = row["round_trip"]
    return ("", Mood.FAINT) if seconds is None else (f"{seconds * 1000:.0f} ms", Mood.PLAIN)


TRUNKS = Tab(
    kind="trunk",
    title="Trunks & machine",
    none="No trunk has been set up, or they are not yours to see.",
    first=0,
    columns=(
        Column(
            title="TRUNK",
            width=16,
            share=1,
            cell=lambda row, _: (row["trunk"], Mood.NAME),
            order=lambda row: row["trunk"],
        ),
        Column(
            title="STATE",
            width=15,
            cell=lambda row, _: _TRUNK_STATES.get(row["state"], (row["state"], Mood.PLAIN)),
            order=lambda row: row["state"],
        ),
        Column(
            title="ANSWERS IN",
            width=11,
            right=True,
            cell=_round_trip,
            down=True,
            order=lambda row: row["round_trip"] or 0,
        ),
        Column(
            title="CALLS",
            width=7,
            right=True,
            cell=lambda row, _: (str(row["calls"]), Mood.PLAIN if row["calls"] else Mood.FAINT),
            down=True,
            order=lambda row: row["calls"],
        ),
        Column(
            title="CONTACT",
            width=18,
            share=1,
            cell=lambda row, _: (row["contact"] or "no way out", Mood.FAINT),
            order=lambda row: row["contact"],
        ),
    ),
)
