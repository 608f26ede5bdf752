"""``callcenter sim``: how long would callers wait? Asked of the production dispatcher."""

import csv
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcenter.kernel.errors import BadSettings

if TYPE_CHECKING:
    from callcenter.sim import Figures, Scenario

STRATEGIES = (  # as in callcenter.acd.model, which takes a while to import
    "longest-idle",
    "fewest-calls",
    "least-talk",
    "round-robin",
    "linear",
    "random",
    "ring-all",
    "skill-level",
)
_PERCENT = ("p_wait", "p_wait_20s", "abandon_rate", "occupancy")
_ROWS = {
    "mean_wait": "Mean wait",
    "mean_wait_answered": "Mean wait, answered calls",
    "p_wait": "Calls that wait",
    "p_wait_20s": "Answered within 20 s",
    "abandon_rate": "Hung up while waiting",
    "occupancy": "Seats at work",
}


@click.group(invoke_without_command=True)
@click.option("--seats", type=click.IntRange(1), default=10, show_default=True, help="Agents.")
@click.option(
    "--arrival-rate",
    type=click.FloatRange(0, min_open=True),
    default=0.05,
    show_default=True,
    help="Calls per second.",
)
@click.option(
    "--handle-time",
    type=click.FloatRange(0, min_open=True),
    default=180.0,
    show_default=True,
    help="Mean talk in seconds (exponential).",
)
@click.option(
    "--wrap-up",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    help="Seconds after each call.",
)
@click.option(
    "--patience",
    type=click.FloatRange(0, min_open=True),
    help="Mean seconds until a caller hangs up (exponential); without it, never.",
)
@click.option(
    "--strategy",
    type=click.Choice(STRATEGIES),
    default=STRATEGIES[0],
    show_default=True,
    help="How a seat is chosen.",
)
@click.option(
    "--calls", type=click.IntRange(1), default=100_000, show_default=True, help="How many."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the random numbers.")
@click.option(
    "--arrivals",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Real calls instead of a rate: a CSV file, seconds of arrival and, if known, of talk.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def sim(context: click.Context, /, **given: object) -> None:
    """Simulate one queue, beside Erlang's formulas.

    Times in seconds, rates per second. Nothing of a running engine is touched.
    """
    as_json = bool(given.pop("as_json"))
    scenario = _scenario(given)
    context.obj = (scenario, as_json)
    if context.invoked_subcommand is None:
        _show([_run(scenario)], as_json=as_json)


@sim.command("whatif")
@click.option("--agents", type=int, required=True, help="More or fewer agents, such as -2.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: before and after.")
@click.pass_obj
def whatif(obj: "tuple[Scenario, bool]", agents: int, as_json: bool) -> None:
    """Simulate the same calls with more or fewer agents.

    The scenario is told before: `callcenter sim --seats 12 --arrivals a.csv whatif --agents -2`.
    """
    scenario, as_json_before = obj
    if scenario.seats + agents < 1:
        raise BadSettings(f"{scenario.seats} seats and {agents} leave none: keep at least one.")
    changed = replace(scenario, seats=scenario.seats + agents)
    _show([_run(scenario), _run(changed)], as_json=as_json or as_json_before)


def _scenario(given: "dict[str, object]") -> "Scenario":
    from callcenter.acd.model import StrategyName
    from callcenter.sim import Scenario

    path = given.pop("arrivals")
    values: dict[str, object] = {**given, "strategy": StrategyName(str(given["strategy"]))}
    if isinstance(path, Path):
        arrivals, talks = _read(path)
        values |= {"arrivals": arrivals, "talks": talks, "calls": len(arrivals)}
    return Scenario(**values)  # type: ignore[arg-type]


def _read(path: Path) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Arrivals in order with their talk times; a heading is passed over."""
    calls: list[tuple[float, ...]] = []
    with path.open(newline="", encoding="utf-8-sig") as file:
        for number, row in enumerate(csv.reader(file), start=1):
            if not row or (number == 1 and not row[0].strip().replace(".", "").isdigit()):
                continue
            try:
                calls.append(tuple(float(cell) for cell in row[:2] if cell.strip()))
            except ValueError:
                raise BadSettings(
                    f"{path}, line {number}: write arrival and talk in seconds, 12.5,180."
                ) from None
    calls = sorted(call for call in calls if call)
    if not calls:
        raise BadSettings(f"{path} holds no calls: write one per line, seconds first.")
    known = all(len(call) == 2 for call in calls)
    talks = tuple(call[1] for call in calls) if known else ()
    return tuple(call[0] for call in calls), talks


def _run(scenario: "Scenario") -> "tuple[Scenario, Figures]":
    from callcenter.sim import simulate

    return scenario, simulate(scenario)


def _show(runs: "list[tuple[Scenario, Figures]]", *, as_json: bool) -> None:
    if as_json:
        rows = [_row(scenario, figures) for scenario, figures in runs]
        click.echo(json.dumps(rows[0] if len(rows) == 1 else rows, indent=2))
        return
    for scenario, figures in runs:
        theory = figures.theory
        click.echo(f"{scenario.seats} seats, {figures.calls:,} calls, {scenario.strategy.value}")
        name = theory.model if theory else ""
        click.echo(f"  {'':28}{'simulated':>14}{'± 1 s.e.':>12}{name:>12}")
        for key, label in _ROWS.items():
            seen, error = getattr(figures, key), getattr(figures, f"stderr_{key}", None)
            says = getattr(theory, key, None)
            cells = (_cell(key, seen), _cell(key, error), _cell(key, says))
            click.echo(f"  {label:28}{cells[0]:>14}{cells[1]:>12}{cells[2]:>12}")
        click.echo(f"  took {figures.wall_seconds:.1f} s")


def _cell(key: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.2%}" if key in _PERCENT else f"{value:.2f} s"


def _row(scenario: "Scenario", figures: "Figures") -> dict[str, object]:
    row = asdict(figures)
    theory = row.pop("theory") or {}
    return {"seats": scenario.seats, **row, **{f"erlang_{k}": v for k, v in theory.items()}}
