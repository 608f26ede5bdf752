"""A call of a stranger, and the page of the reference that is made of the definitions."""

from datetime import UTC, datetime, timedelta

from callcenter.calls.cdr import Cdr, Result
from callcenter.reports.definitions import CAMPAIGNS, FIGURES

START = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)
_TITLES = {
    "traffic": "Traffic, numbers, tenants, regions",
    "queues": "Queues",
    "seats": "Seats",
    "flows": "Flows",
    "survey": "Surveys",
}
_HEAD = """# Figures

Made from `callcenter/reports/definitions.py`; each report prints the formulas of its figures, too.

Counts are kept for each quarter of an hour of UTC. Every event counts in the quarter in which it
happens: a call may be offered in one and answered in the next, so `waiting` and `running` say who
was there when a row's time began, and what came and went is balanced with them. Times of seats are
split where a quarter ends. T and S are one of 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300 and
600 s: a queue's own (`callcenter queue set NAME --answer-within 30 --short-abandon 10`), or given
with `--within` and `--short`.

*--calls* is the name under which `callcenter report ... --calls NAME` lists the calls below.
"""


def stranger(call: str, dialled: str) -> Cdr:
    """Somebody from outside who rang for a minute and was answered."""
    return Cdr(
        id=call,
        tenant="acme",
        source="trunk",
        dialled=dialled,
        started_at=START,
        ended_at=START + timedelta(minutes=1),
        result=Result.ANSWERED,
    )


def figures_page() -> str:
    """docs/reference/figures.md."""
    parts = [_HEAD]
    for kind, title in _TITLES.items():
        parts.append(f"\n## {title}\n\n| figure | formula | unit | --calls |\n|---|---|---|---|\n")
        parts += [
            f"| {f.title} | {f.formula.replace('|', '/')} | {f.unit} | "
            f"{f'`{f.name}`' if f.made_of and kind != 'survey' else ''} |\n"
            for f in FIGURES[kind]
        ]
    parts.append("\n## Outbound campaigns\n\nDefined for the campaigns to come.\n\n")
    parts.append("| figure | formula | unit |\n|---|---|---|\n")
    parts += [f"| {f.title} | {f.formula} | {f.unit} |\n" for f in CAMPAIGNS]
    return "".join(parts)


if __name__ == "__main__":
    print(figures_page(), end="")
