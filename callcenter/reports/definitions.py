"""What each figure is: its name, its formula in words, its unit, and the formula in code. Pure.

The one place where a figure is defined; tables, pages and docs/reference/figures.md are made of
it. Counts are whole numbers and milliseconds; a figure without anything to divide by is ``None``.
Where the field disagrees all variants stand side by side.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from callcenter.reports.model import FAILED, OUTS, RESULTS

Sums = Mapping[str, int]
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
    of: Callable[[Sums], Value]
    made_of: tuple[str, ...] = ()
    rare: bool = False  # left out of tables for people where it is nothing in every row


def share(part: float, whole: float) -> Value:
    """``None`` where there is nothing to share."""
    return part / whole if whole > 0 else None


def outs(sums: Sums) -> int:
    """Flow-outs: who left the queue for something else."""
    return sum(sums.get(name, 0) for name in OUTS)


def uk_drop_rate(abandoned: float, live: float, machines: float) -> Value:
    """Ofcom's drop rate with answering machine detection: D' = D − D·AM/(AM+H), D'/(H+D')."""
    known = machines + live
    drops = abandoned - (abandoned * machines / known if known else 0.0)
    return share(drops, live + drops)


def us_abandon_rate(late: float, live: float) -> Value:
    """FTC safe harbour: live answers not joined to an agent within 2 s / all live answers."""
    return share(late, live)


def _count(name: str, title: str, formula: str, *, rare: bool = False) -> Figure:
    return Figure(name, title, formula, Unit.COUNT, lambda s: s.get(name, 0), (name,), rare)


def _seconds(name: str, title: str, formula: str, column: str, *, rare: bool = False) -> Figure:
    return Figure(name, title, formula, Unit.SECONDS, lambda s: s.get(column, 0) / 1000, (), rare)


def _mean(part: float, number: int) -> Value:
    return part / 1000 / number if number > 0 else None


def _ended(s: Sums) -> int:
    return s.get("answered", 0) + s.get("abandoned", 0) + outs(s)


def _work(s: Sums) -> int:
    return s.get("talk_ms", 0) + s.get("hold_ms", 0) + s.get("wrap_up_ms", 0)


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
        lambda s: share(s.get("answered", 0), sum(s.get(name, 0) for name in (*RESULTS, "other"))),
        ("answered",),
    ),
    _seconds("talk", "Talk", "time that callers were joined with somebody", "talk_ms"),
    Figure(
        "load",
        "Load",
        "time of all calls / length of the interval",
        Unit.ERLANG,
        lambda s: share(s.get("call_ms", 0), s.get("span_ms", 0)),
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
        lambda s: s.get("short", 0),
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
            s.get("within", 0),
            s.get("answered", 0) + s.get("abandoned", 0) - s.get("short", 0),
        ),
        ("within",),
    ),
    Figure(
        "service_level_answered",
        "SL(answered)",
        "answered within T / answered",
        Unit.SHARE,
        lambda s: share(s.get("within", 0), s.get("answered", 0)),
        ("within",),
    ),
    Figure(
        "service_level_2",
        "SL2",
        "(answered within T + abandoned within T) / (answered + abandoned)",
        Unit.SHARE,
        lambda s: share(
            s.get("within", 0) + s.get("abandoned_in_t", 0),
            s.get("answered", 0) + s.get("abandoned", 0),
        ),
        ("within", "abandoned_in_t"),
    ),
    Figure(
        "asa",
        "ASA",
        "mean wait from joining the queue to the seat's answer, answered calls only",
        Unit.SECONDS,
        lambda s: _mean(s.get("wait_ms", 0), s.get("answered", 0)),
        ("answered",),
    ),
    Figure(
        "aht",
        "AHT",
        "(talk + hold + wrap-up) / handled calls; "
        "talk counts when it ends, wrap-up while it goes on",
        Unit.SECONDS,
        lambda s: _mean(_work(s), s.get("handled", 0)),
        ("handled",),
    ),
    Figure(
        "abandon_rate",
        "Abandon rate",
        "abandoned / (answered + abandoned + flow-outs)",
        Unit.SHARE,
        lambda s: share(s.get("abandoned", 0), _ended(s)),
        ("abandoned",),
    ),
    Figure(
        "abandon_rate_long",
        "without short",
        "(abandoned − short) / (answered + abandoned + flow-outs − short)",
        Unit.SHARE,
        lambda s: share(s.get("abandoned", 0) - s.get("short", 0), _ended(s) - s.get("short", 0)),
        ("abandoned",),
    ),
    Figure(
        "expected_wait_kept",
        "EWT kept",
        "answered within the wait that was first announced / answered callers who were told one",
        Unit.SHARE,
        lambda s: share(s.get("announced_kept", 0), s.get("announced", 0)),
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
        lambda s: share(s.get("answered", 0), s.get("offers", 0)),
        ("answered",),
    ),
    Figure(
        "answer_rate_caller",
        "without caller gone",
        "answered / (offers − offers that the caller ended)",
        Unit.SHARE,
        lambda s: share(s.get("answered", 0), s.get("offers", 0) - s.get("caller_gone", 0)),
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
        lambda s: _mean(
            s.get("talking", 0) + s.get("on_hold", 0) + s.get("wrap_up", 0), s.get("answered", 0)
        ),
        ("answered",),
    ),
    Figure(
        "occupancy",
        "Occupancy",
        "(ringing + talk + hold + wrap-up) / (logged-in time − pauses)",
        Unit.SHARE,
        lambda s: share(
            sum(s.get(part, 0) for part in ("ringing", "talking", "on_hold", "wrap_up")),
            s.get("logged_in", 0) - s.get("paused", 0),
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
        lambda s: share(s.get("steps", 0), s.get("at_node", 0)),
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
        lambda s: share(s.get("points", 0), s.get("digits", 0)),
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
        lambda s: us_abandon_rate(s.get("late", 0), s.get("live", 0)),
    ),
    Figure(
        "uk_drop_rate",
        "Outbound drop (UK)",
        "D' / (H + D') with D' = D − D·AM / (AM + H); "
        "D abandoned, H answered by people, AM by machines",
        Unit.SHARE,
        lambda s: uk_drop_rate(s.get("drops", 0), s.get("live", 0), s.get("machines", 0)),
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
