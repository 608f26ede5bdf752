"""What the demo shows while it runs: one line a step, with its time."""

import sys
import time
from typing import Any

from rich.console import Console
from rich.table import Table


class Teller:
    """Writes steps as they happen; times count from the start of the demo."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._console = Console(file=sys.stdout, highlight=False, soft_wrap=True)

    @property
    def seconds(self) -> float:
        """Since the demo began."""
        return time.time() - self._began

    def heading(self, text: str) -> None:
        """Begin a part of the story."""
        self._console.print(f"\n[bold]{text}[/bold]")

    def step(self, who: str, what: str) -> None:
        """One thing that was seen just now."""
        self._console.print(f"{self.seconds:7.2f} s  [cyan]{who:<8}[/cyan] {what}")

    def plain(self, text: str) -> None:
        """A line as it is."""
        self._console.print(text, markup=False)

    def cdr(self, cdr: dict[str, Any]) -> None:
        """The call's record and its legs."""
        table = Table(title=f"CDR of call {cdr['id']}", title_justify="left", show_header=False)
        for name in ("caller", "dialled", "queue", "seat", "result", "ended_by"):
            table.add_row(name.replace("_", " "), str(cdr[name]))
        for name in ("started_at", "answered_at", "ended_at"):
            table.add_row(name.replace("_", " "), _clock(cdr[name]))
        table.add_row("waited", f"{cdr['wait_seconds']:.2f} s")
        table.add_row("talked", f"{cdr['talk_seconds']:.2f} s")
        self._console.print(table)
        legs = Table(title="Its legs", title_justify="left", padding=(0, 0))
        for column in ("leg", "endpoint", "started", "rang", "answered", "ended", "outcome"):
            legs.add_column(column)
        for leg in cdr["legs"]:
            times = (_clock(leg[f"{what}_at"]) for what in ("started", "rang", "answered", "ended"))
            legs.add_row(leg["kind"], leg["endpoint"], *times, leg["outcome"])
        self._console.print(legs)


def _clock(moment: str | None) -> str:
    return moment[11:21] if moment else "-"
