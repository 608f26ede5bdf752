"""The list of queues: who waits, who could answer, how well it goes. Pure."""

from collections.abc import Callable
from datetime import datetime

from callcenter.cli.board.columns import Cell, Column, Mood, Row, Tab, share, since
from callcenter.cli.shown import duration


def _waits(row: Row, now: datetime) -> Cell:
    seconds = since(row["oldest"], now)
    if seconds is None:
        return "", Mood.FAINT
    mood = Mood.BAD if seconds > 3 * row["target"] else Mood.LOOK
    return duration(seconds), mood if seconds > row["target"] else Mood.PLAIN


def _waiting(row: Row, _now: datetime) -> Cell:
    if not row["waiting"]:
        return "·", Mood.FAINT
    return str(row["waiting"]), Mood.PLAIN if row["ready"] else Mood.LOOK


def _seats(row: Row, _now: datetime) -> Cell:
    text = f"{row['ready']}/{row['logged_in']}"
    if not row["logged_in"]:
        return text, Mood.BAD if row["waiting"] else Mood.FAINT
    return text, Mood.GOOD if row["ready"] else Mood.LOOK


def _level(which: str) -> Callable[[Row, datetime], Cell]:
    def cell(row: Row, _now: datetime) -> Cell:
        level = row[which]["level"]
        if level is None:
            return "–", Mood.FAINT
        mood = Mood.GOOD if level >= 0.8 else Mood.LOOK if level >= 0.6 else Mood.BAD
        return share(level), mood

    return cell


def _figure(which: str, *, none: str = "·") -> Callable[[Row, datetime], Cell]:
    def cell(row: Row, _now: datetime) -> Cell:
        value = row["today"][which]
        return (str(value), Mood.PLAIN) if value else (none, Mood.FAINT)

    return cell


def _asa(row: Row, _now: datetime) -> Cell:
    seconds = row["today"]["wait"]
    return ("–", Mood.FAINT) if seconds is None else (duration(seconds), Mood.PLAIN)


QUEUES = Tab(
    kind="queue",
    title="Queues",
    none="No queue has been set up.",
    first=2,
    columns=(
        Column(
            title="QUEUE",
            width=14,
            share=1,
            cell=lambda row, _: (row["queue"], Mood.NAME),
            order=lambda row: row["queue"],
        ),
        Column(
            title="WAIT",
            width=5,
            right=True,
            cell=_waiting,
            down=True,
            order=lambda row: row["waiting"],
        ),
        Column(
            title="LONGEST",
            width=8,
            right=True,
            cell=_waits,
            order=lambda row: (row["oldest"] or "9", -row["waiting"], row["queue"]),
        ),
        Column(
            title="READY/IN",
            width=9,
            right=True,
            cell=_seats,
            order=lambda row: (row["ready"], row["logged_in"]),
        ),
        Column(
            title="SL NOW",
            width=7,
            right=True,
            cell=_level("now"),
            order=lambda row: _first_low(row["now"]["level"]),
        ),
        Column(
            title="SL DAY",
            width=7,
            right=True,
            cell=_level("today"),
            order=lambda row: _first_low(row["today"]["level"]),
        ),
        Column(
            title="ANSW",
            width=6,
            right=True,
            cell=_figure("answered"),
            down=True,
            order=lambda row: row["today"]["answered"],
        ),
        Column(
            title="LOST",
            width=5,
            right=True,
            cell=_figure("abandoned"),
            down=True,
            order=lambda row: row["today"]["abandoned"],
        ),
        Column(
            title="ASA",
            width=6,
            right=True,
            cell=_asa,
            down=True,
            order=lambda row: row["today"]["wait"] or 0,
        ),
    ),
)


def _first_low(level: float | None) -> float:
    return 2.0 if level is None else level
