"""One ended call as ``callcenter cdr show`` prints it: facts first, then each kind of part."""

from typing import Any

import click

from callcenter.cli.shown import (
    Columns,
    clock,
    day_and_clock,
    duration,
    show_facts,
    show_rows,
    words,
)

_LEGS: Columns = {
    "Leg": lambda leg: leg["kind"],
    "Phone": lambda leg: leg["endpoint"],
    "Seat": lambda leg: leg["seat"],
    "Started": lambda leg: clock(leg["started_at"]),
    "Answered": lambda leg: clock(leg["answered_at"]),
    "Ended": lambda leg: clock(leg["ended_at"]),
    "Talk": lambda leg: duration(leg["talk_seconds"]) if leg["kind"] != "caller" else "",
    "Hold": lambda leg: duration(leg["hold_seconds"]) if leg["hold_seconds"] else "",
    "Outcome": lambda leg: words(leg["outcome"]),
}
_VISITS: Columns = {
    "Queue": lambda visit: visit["queue"],
    "Joined": lambda visit: clock(visit["joined_at"]),
    "Left": lambda visit: clock(visit["left_at"]),
    "Wait": lambda visit: duration(visit["wait_seconds"]),
    "Announced": lambda visit: duration(visit["announced_seconds"]),
    "By": lambda visit: " ".join(filter(None, (visit["by"], words(visit["reason"])))),
    "To": lambda visit: visit["seat"] or visit["to"],
}
_STEPS: Columns = {
    "At": lambda step: clock(step["at"]),
    "Flow": lambda step: f"{step['flow']} {step['version']}",
    "Node": lambda step: step["node"],
    "Keys": lambda step: step["keys"],
    "Outcome": lambda step: words(step["outcome"]),
}
_TRANSFERS: Columns = {
    "At": lambda transfer: clock(transfer["at"]),
    "Transferred to": lambda transfer: transfer["to"],
    "By": lambda transfer: transfer["by"] or "command",
}


def show_cdr(found: dict[str, Any]) -> None:
    """Print it; kinds of parts that it has none of are left out."""
    show_facts(_facts(found))
    parts = {"legs": _LEGS, "visits": _VISITS, "steps": _STEPS, "transfers": _TRANSFERS}
    for part, columns in parts.items():
        if found[part]:
            click.echo()
            show_rows(found[part], columns, as_json=False, none="")


def _facts(found: dict[str, Any]) -> dict[str, object]:
    by = " ".join(filter(None, (found["ended_by"], found["ended_by_name"])))
    return {
        "Call": found["id"],
        "Tenant": found["tenant"],
        "Caller": " ".join(filter(None, (found["caller"] or "withheld", found["caller_name"]))),
        "Region": found["region"],
        "Dialled": found["dialled"],
        "Rule": found["rule"],
        "Queue": found["queue"],
        "Seat": found["seat"],
        "Started": day_and_clock(found["started_at"]),
        "Answered": day_and_clock(found["answered_at"]),
        "Ended": f"{day_and_clock(found['ended_at'])} by {by}",
        "Result": f"{words(found['result'])}, cause {found['cause']}",
        "Duration": duration(found["duration_seconds"]),
        "Wait": duration(found["wait_seconds"]),
        "Talk": duration(found["talk_seconds"]),
        "Hold": duration(found["hold_seconds"]) if found["hold_seconds"] else "",
        "Engine away": f"{found['resumed']} times" if found["resumed"] else "",
        "Recording": _recording(found),
        "SHA-256": found["sha256"],
    }


def _recording(found: dict[str, Any]) -> str:
    if not found["recording"]:
        return "due, and there is none" if found["recording_due"] else ""
    levels = (_level(found["caller_rms"]), _level(found["seat_rms"]))
    length = duration(found["recording_seconds"])
    return f"{found['recording']}, {length}, caller {levels[0]}, seat {levels[1]}"


def _level(rms: float | None) -> str:
    return "silent" if rms is None else f"{rms:.1f} dBFS"
