"""The simulator against theory at full size: a million calls for each of twelve M/M/c queues
(Erlang C, 2 %) and some with impatient callers (Erlang A, 3 %), or three standard errors where
those are wider. Takes several minutes; ``--calls`` makes it shorter."""

import argparse
import json
from dataclasses import asdict

from callcenter.sim import Scenario, simulate

HANDLE = 100.0
SEATS, LOADS = (1, 5, 20, 100), (0.7, 0.9, 0.95)
IMPATIENT = ((20, 0.9, 60.0), (20, 1.2, 60.0), (100, 1.0, 120.0))


def row(seats: int, load: float, patience: float | None, calls: int) -> dict[str, object]:
    """One queue simulated, with how far it is from theory in shares and whether that will do."""
    figures = simulate(
        Scenario(
            seats=seats,
            arrival_rate=seats * load / HANDLE,
            handle_time=HANDLE,
            calls=calls,
            patience=patience,
            seed=seats * 100 + round(load * 100),
        )
    )
    theory, share = figures.theory, 0.03 if patience else 0.02
    holds, off = True, {}
    for name in ("mean_wait", "p_wait"):
        seen, says = getattr(figures, name), getattr(theory, name)
        off[f"off_{name}"] = round(seen / says - 1, 4)
        error = getattr(figures, f"stderr_{name}")
        holds = holds and abs(seen - says) <= max(share * says, 3 * error)
    values = asdict(figures)
    values.pop("theory")
    return {"seats": seats, "load": load, "patience": patience, **off, "holds": holds, **values}


def main(arguments: list[str] | None = None) -> int:
    """Print a row for each; 1 when one does not hold."""
    parser = argparse.ArgumentParser(prog="scripts/bench sim", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print a list of rows as JSON")
    parser.add_argument("--calls", type=int, default=1_000_000, help="for each queue")
    given = parser.parse_args(arguments)
    cases = [(seats, load, None) for seats in SEATS for load in LOADS]
    rows = []
    for seats, load, patience in (*cases, *IMPATIENT):
        rows.append(row(seats, load, patience, given.calls))
        if not given.json:
            shown = {k: v for k, v in rows[-1].items() if not k.startswith(("stderr", "p_wait_20"))}
            print(
                "  ".join(
                    f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
                    for name, value in shown.items()
                ),
                flush=True,
            )
    if given.json:
        print(json.dumps(rows, indent=2))
    return 0 if all(row["holds"] for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
