"""What each figure is: its name, its formula in words, its unit, and the formula in code. Pure.

The one place where a figure is defined; tables, pages and docs/reference/figures.md are made of
it. Counts are whole numbers and milliseconds; a figure without anything to divide by is none.
A formula makes a whole column of figures from columns of counts: one row is a column of one.
Sums stay exact below 2^53, which is 285,000 years of milliseconds. Where the field disagrees all
variants stand side by side.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from callcenter.reports.columns import Floats, Ints, Sums
from callcenter.reports.model import FAILED, OUTS, RESULTS

Value = float | None


class Unit(StrEnum):
    """How a figure is shown."""

    COUNT = "count"
    SHARE = "percent"  # 0..1, shown as percent
    SECONDS = "seconds"
    ERLANG = "erlang"
    SCORE = "score"


@dataclass(frozen=True)
class Figure:
    """One column. ``made_of`` are the counts whose calls stand behind it, for drilling down."""

    name: str
    title: str
    formula: str
    unit: Unit
    of: Callable[[Sums], Ints | Floats]
    made_of: tuple[str, ...] = ()
    rare: bool = False  # left out of tables for people where it is nothing in every row


def share(part: Ints | Floats, whole: Ints | Floats) -> Floats:
    """NaN, which is shown as none, where there is nothing to share."""
    shares = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares


def outs(sums: Sums) -> Ints:
    """Flow-outs: who left the queue for something else."""
    return sums.added(OUTS)


def uk_drop_rate(abandoned: Ints, live: Ints, machines: Ints) -> Floats:
    """Ofcom's drop rate with answering machine detection: D' = D − D·AM/(AM+H), D'/(H+D')."""
    known = machines + live
    by_machines = np.zeros(known.shape)
    np.divide(abandoned * machines, known, out=by_machines, where=known != 0)
    drops = abandoned - by_machines
    return share(drops, live + drops)


def us_abandon_rate(late: Ints, live: Ints) -> Floats:
    """FTC safe harbour: live answers not joined to an agent within 2 s / all live answers."""
    return share(late, live)


def _count(name: str, title: str, formula: str, *, rare: bool = False) -> Figure:
    return Figure(name, title, formula, Unit.COUNT, lambda s: s[name], (name,), rare)


def _seconds(name: str, title: str, formula: str, column: str, *, rare: bool = False) -> Figure:
    return Figure(name, title, formula, Unit.SECONDS, lambda s: s[column] / 1000, (), rare)


def _mean(part: Ints, number: Ints) -> Floats:
    return share(part / 1000, number)


def _ended(s: Sums) -> Ints:
    return s["answered"] + s["abandoned"] + outs(s)


def _work(s: Sums) -> Ints:
    return s["talk_ms"] + s["hold_ms"] + s["wrap_up_ms"]


_RESULT_WORDS = {
    "answered": "a seat, line or extension talked with the caller",
    "abandoned": "the caller hung up while waiting in a queue",
    "flowed_out": "left a queue for voicemail, callback or menu, and nobody talked",
    "refused": "turned away before answer",
    "unreached": "somebody was rung, nobody answered",
    "self_served": "ended in a menu, no queue was joined",
    "gave_up": "the caller hung up before any answer or in a menu",
    "lost": "the PBX lost it",
}

CALLS: tuple[Figure, ...] = (
    _count("calls", "Calls", "calls that came in"),
    *(
        _count(
            name,
            name.replace("_", " ").capitalize(),
            f"calls that ended so: {_RESULT_WORDS[name]}",
            rare=name not in ("answered", "abandoned"),
        )
        for name in RESULTS
    ),
    _count("other", "Other", "calls that ended in another way", rare=True),
    Figure(
        "answer_rate",
        "Answer rate",
        "answered / calls that ended",
        Unit.SHARE,
        lambda s: share(s["answered"], s.added((*RESULTS, "other"))),
        ("answered",),
    ),
    _seconds("talk", "Talk", "time that callers were joined with somebody", "talk_ms"),
    Figure(
        "load",
        "Load",
        "time of all calls / length of the interval",
        Unit.ERLANG,
        lambda s: share(s["call_ms"], s["span_ms"]),
    ),
)

_OUT_WORDS = {
    "out_voicemail": ("Voicemail", "left for voicemail"),
    "out_callback": ("Callback", "hung up to be called back; not abandoned"),
    "out_queue": ("Other queue", "sent on to another queue"),
    "out_menu": ("Menu", "back to the menu"),
    "out_elsewhere": ("Elsewhere", "sent to an extension, a line or outside"),
    "out_lost": ("Lost", "the PBX lost the call while it waited"),
}

QUEUES: tuple[Figure, ...] = (
    _count(
        "offered",
        "Offered",
        "answered + abandoned + flow-outs; counted when the caller joins the queue",
    ),
    _count("answered", "Answered", "by a seat; counted when it answers"),
    _count("abandoned", "Abandoned", "hung up while waiting; counted when they hang up"),
    Figure(
        "short_abandoned",
        "Short",
        "abandoned within S (S = 5 s unless the queue says otherwise); part of abandoned",
        Unit.COUNT,
        lambda s: s["short"],
        ("short",),
    ),
    Figure(
        "flow_outs",
        "Flow-outs",
        "left for voicemail, callback, another queue, the menu, elsewhere; or lost",
        Unit.COUNT,
        outs,
        OUTS,
    ),
    *(_count(name, *_OUT_WORDS[name], rare=True) for name in OUTS),
    _count("waiting", "Waiting", "callers who waited already when the interval began", rare=True),
    Figure(
        "service_level",
        "SL",
        "answered within T / (answered + abandoned − short abandons); "
        "T = 20 s unless the queue says otherwise",
        Unit.SHARE,
        lambda s: share(
            s["within"],
            s["answered"] + s["abandoned"] - s["short"],
        ),
        ("within",),
    ),
    Figure(
        "service_level_answered",
        "SL(answered)",
        "answered within T / answered",
        Unit.SHARE,
        lambda s: share(s["within"], s["answered"]),
        ("within",),
    ),
    Figure(
        "service_level_2",
        "SL2",
        "(answered within T + abandoned within T) / (answered + abandoned)",
        Unit.SHARE,
        lambda s: share(
            s["within"] + s["abandoned_in_t"],
            s["answered"] + s["abandoned"],
        ),
        ("within", "abandoned_in_t"),
    ),
    Figure(
        "asa",
        "ASA",
        "mean wait from joining the queue to the seat's answer, answered calls only",
        Unit.SECONDS,
        lambda s: _mean(s["wait_ms"], s["answered"]),
        ("answered",),
    ),
    Figure(
        "aht",
        "AHT",
        "(talk + hold + wrap-up) / handled calls; "
        "talk counts when it ends, wrap-up while it goes on",
        Unit.SECONDS,
        lambda s: _mean(_work(s), s["handled"]),
        ("handled",),
    ),
    Figure(
        "abandon_rate",
        "Abandon rate",
        "abandoned / (answered + abandoned + flow-outs)",
        Unit.SHARE,
        lambda s: share(s["abandoned"], _ended(s)),
        ("abandoned",),
    ),
    Figure(
        "abandon_rate_long",
        "without short",
        "(abandoned − short) / (answered + abandoned + flow-outs − short)",
        Unit.SHARE,
        lambda s: share(s["abandoned"] - s["short"], _ended(s) - s["short"]),
        ("abandoned",),
    ),
    Figure(
        "expected_wait_kept",
        "EWT kept",
        "answered within the wait that was first announced / answered callers who were told one",
        Unit.SHARE,
        lambda s: share(s["announced_kept"], s["announced"]),
        ("announced_kept",),
    ),
)

_FAILED_WORDS = {
    "rejected": "the agent's phone rejected the call",
    "no_answer": "rang in vain",
    "unreachable": "the phone was away",
    "caller_gone": "the caller hung up while it rang",
    "withdrawn": "taken back: another seat answered, or the caller was sent on",
}

SEATS: tuple[Figure, ...] = (
    _count("offers", "Offers", "times that the seat was rung for a caller"),
    _count("answered", "Answered", "offers that became a talk"),
    *(
        _count(name, name.replace("_", " ").capitalize(), _FAILED_WORDS[name], rare=True)
        for name in FAILED
    ),
    _count("other", "Other", "offers that ended in another way", rare=True),
    _count("sent_on", "Sent on", "callers that the seat sent to somebody else", rare=True),
    Figure(
        "answer_rate",
        "Answer rate",
        "answered / offers to that seat",
        Unit.SHARE,
        lambda s: share(s["answered"], s["offers"]),
        ("answered",),
    ),
    Figure(
        "answer_rate_caller",
        "without caller gone",
        "answered / (offers − offers that the caller ended)",
        Unit.SHARE,
        lambda s: share(s["answered"], s["offers"] - s["caller_gone"]),
        ("answered",),
    ),
    _seconds("logged_in", "Logged in", "from each login to its logout", "logged_in"),
    _seconds("ready", "Ready", "logged in and free", "ready"),
    _seconds("ringing", "Ringing", "rung for a caller", "ringing"),
    _seconds("talk", "Talk", "joined with a caller", "talking"),
    _seconds("hold", "Hold", "a caller hears music", "on_hold"),
    _seconds("wrap_up", "Wrap-up", "after a talk, no call comes", "wrap_up"),
    _seconds("engaged", "Engaged", "on the phone, not for a queue", "engaged", rare=True),
    _seconds(
        "unreachable_time", "Away", "the phone could not be seen", "unreachable_ms", rare=True
    ),
    _seconds("paused", "Paused", "sum of all pauses, each reason apart beside it", "paused"),
    Figure(
        "aht",
        "AHT",
        "(talk + hold + wrap-up) / handled calls",
        Unit.SECONDS,
        lambda s: _mean(s["talking"] + s["on_hold"] + s["wrap_up"], s["answered"]),
        ("answered",),
    ),
    Figure(
        "occupancy",
        "Occupancy",
        "(ringing + talk + hold + wrap-up) / (logged-in time − pauses)",
        Unit.SHARE,
        lambda s: share(
            s.added(("ringing", "talking", "on_hold", "wrap_up")),
            s["logged_in"] - s["paused"],
        ),
    ),
)

FLOWS: tuple[Figure, ...] = (
    _count("steps", "Steps", "times that callers went this way"),
    Figure(
        "share",
        "Share",
        "steps this way / steps at this node",
        Unit.SHARE,
        lambda s: share(s["steps"], s["at_node"]),
        ("steps",),
    ),
)

SURVEY: tuple[Figure, ...] = (
    _count("asked", "Asked", "times that callers heard the question"),
    _count("answers", "Answers", "times that they pressed a key that counts, or spoke"),
    Figure(
        "mean",
        "Mean",
        "sum of the digits pressed / answers with a digit",
        Unit.SCORE,
        lambda s: share(s["points"], s["digits"]),
    ),
    _count("comments", "Comments", "answers that were spoken", rare=True),
)

CAMPAIGNS: tuple[Figure, ...] = (
    Figure(
        "us_abandon_rate",
        "Outbound abandon (US)",
        "live answers not joined to an agent within 2 s / all live answers; "
        "at most 3 % per campaign per 30 days",
        Unit.SHARE,
        lambda s: us_abandon_rate(s["late"], s["live"]),
    ),
    Figure(
        "uk_drop_rate",
        "Outbound drop (UK)",
        "D' / (H + D') with D' = D − D·AM / (AM + H); "
        "D abandoned, H answered by people, AM by machines",
        Unit.SHARE,
        lambda s: uk_drop_rate(s["drops"], s["live"], s["machines"]),
    ),
)

FIGURES: Mapping[str, tuple[Figure, ...]] = {
    "traffic": CALLS,
    "queues": QUEUES,
    "seats": SEATS,
    "survey": SURVEY,
    "regions": CALLS,
    "flows": FLOWS,
}
"""The columns of each report."""
