"""The board in a few sentences: what stands above the lists, and how the machine is. Pure."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from rich.cells import cell_len

from callcenter.cli.board.columns import Mood, Row, share, since
from callcenter.cli.board.fitting import Piece
from callcenter.cli.shown import duration

_GIB = 1 << 30


def engine_line(
    engine: Row | None, away: str, now: datetime, room: int | None = None
) -> list[Piece]:
    """Whether it runs, what it depends on, and in ``room`` cells what time it is there."""
    clock = now.astimezone().strftime("%H:%M:%S")
    if away:
        shown = f" Shown as of {clock}." if engine else ""
        return [("✕ " + away + shown, Mood.BAD)]
    if engine is None:
        return [("… waiting for the engine", Mood.LOOK)]
    backlog = f", {engine['backlog']} wait" if engine["backlog"] else ""
    pieces = [
        ("● " if engine["pbx_connected"] else "✕ ", _mood(good=engine["pbx_connected"])),
        (f"PBX {engine['node']}" + _why(engine) + "  ", Mood.PLAIN),
        ("● " if engine["database_ok"] else "✕ ", _mood(good=engine["database_ok"])),
        (f"database{backlog}  ", Mood.PLAIN),
        (f"engine {engine['version']}, up {_long(since(engine['started_at'], now))}", Mood.FAINT),
    ]
    if room is not None:
        gap = room - sum(cell_len(text) for text, _ in pieces) - len(clock)
        pieces += [(" " * max(1, gap), Mood.PLAIN), (clock, Mood.NAME)]
    return pieces


def _why(engine: Row) -> str:
    return "" if engine["pbx_connected"] else f": {engine['pbx_why'] or 'not connected'}"


def figures_line(rows: dict[str, dict[str, Row]], now: datetime) -> list[Piece]:
    """What a supervisor wants to know first."""
    states = Counter(row["state"] for row in rows["call"].values())
    waiting = sum(row["waiting"] for row in rows["queue"].values())
    oldest = min((row["oldest"] for row in rows["queue"].values() if row["oldest"]), default=None)
    longest = since(oldest, now)
    late = longest is not None and longest > 60
    pieces = [
        ("calls ", Mood.FAINT),
        (f"{len(rows['call'])}  ", Mood.NAME),
        ("wait ", Mood.FAINT),
        (f"{waiting}", Mood.LOOK if waiting else Mood.NAME),
        (f" ({duration(longest)})" if longest is not None else "", _mood(good=not late)),
        ("  talk ", Mood.FAINT),
        (f"{states['talking'] + states['on_hold']}  ", Mood.NAME),
    ]
    seats = [row for row in rows["seat"].values() if row["status"] != "logged_out"]
    free = sum(row["status"] == "ready" and row["state"] == "idle" for row in seats)
    pieces += [
        ("free ", Mood.FAINT),
        (f"{free}", _mood(good=bool(free) or not waiting)),
        (f"/{len(seats)}", Mood.FAINT),
    ]
    for which, name in (("now", "SL"), ("today", "day")):
        level = whole_level(row[which] for row in rows["queue"].values())
        pieces += [(f"  {name} ", Mood.FAINT), (share(level), _level_mood(level))]
    return pieces


def whole_level(levels: Iterable[Row]) -> float | None:
    """The service level of several queues together: of their callers, not of their levels."""
    within = counted = 0
    for level in levels:
        within += level["within"]
        counted += level["answered"] + level["abandoned"] - level["short"]
    return within / counted if counted else None


def machine_lines(machine: Row | None) -> list[list[Piece]]:
    """The machine, a line for each thing that can run out."""
    if machine is None:
        return [[("The machine is shown to the platform's own people.", Mood.FAINT)]]
    free = f"{machine['disk_free'] / _GIB:.0f} GiB free"
    memory = f"of {machine['memory_total'] / _GIB:.0f} GiB"
    lag = machine["lag"]
    channels = "?" if machine["channels"] is None else str(machine["channels"])
    phones = f"{machine['phones_registered']} of {machine['phones']} phones registered"
    return [
        _bar("CPU", machine["cpu"], f"of {machine['cores']} cores, load {machine['load']:.2f}"),
        _bar("memory", machine["memory"], memory),
        _bar("disk", machine["disk"], free),
        [
            ("engine   ", Mood.FAINT),
            (f"{machine['engine_cpu']:.0f} % of a core, ", Mood.PLAIN),
            (f"{machine['engine_memory'] / (1 << 20):.0f} MiB, ", Mood.PLAIN),
            (f"late by {lag * 1000:.0f} ms at most", _mood(good=lag < 0.1)),
        ],
        [
            ("PBX      ", Mood.FAINT),
            (f"{channels} channels, {machine['calls']} calls, ", Mood.PLAIN),
            (phones, Mood.PLAIN),
        ],
    ]


def _bar(name: str, percent: float, more: str) -> list[Piece]:
    full = round(percent / 5)
    mood = Mood.BAD if percent >= 90 else Mood.LOOK if percent >= 75 else Mood.GOOD
    return [
        (f"{name:<9}", Mood.FAINT),
        ("━" * full, mood),
        ("─" * (20 - full), Mood.FAINT),
        (f" {percent:3.0f} % ", mood if mood is not Mood.GOOD else Mood.PLAIN),
        (more, Mood.FAINT),
    ]


def _mood(*, good: bool) -> Mood:
    return Mood.GOOD if good else Mood.BAD


def _level_mood(level: float | None) -> Mood:
    if level is None:
        return Mood.FAINT
    return Mood.GOOD if level >= 0.8 else Mood.LOOK if level >= 0.6 else Mood.BAD


def _long(seconds: float | None) -> str:
    """``3d 4h``, ``4h 12m``, ``12m``."""
    minutes = int(seconds or 0) // 60
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours}h"
    return f"{hours}h {minutes}m" if hours else f"{minutes}m"
