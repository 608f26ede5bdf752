"""``callcenter queue``: who waits where, and how each queue chooses, limits and relaxes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from callcenter.cli.reach import engine
from callcenter.cli.routing import desk, path
from callcenter.cli.shown import clean, duration, json_option, show_json, show_rows
from callcenter.cli.sim import STRATEGIES

_queue = click.argument("queue")
F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def queue() -> None:
    """List queues and set them up."""


@queue.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List every queue with who waits and who could answer."""
    with engine() as client:
        rows = client.queues()
    columns = {
        "Queue": lambda row: row["queue"],
        "Tenant": lambda row: row["tenant"],
        "Waiting": lambda row: row["waiting"],
        "Longest": lambda row: duration(row["longest_wait"]) if row["waiting"] else "",
        "Ready": lambda row: row["seats_ready"],
        "Logged in": lambda row: row["seats_logged_in"],
    }
    show_rows(rows, columns, as_json=as_json, none="No queue has been set up.")


@queue.command("show")
@_queue
@json_option
def show(queue: str, as_json: bool) -> None:
    """Show how QUEUE is set up; `queue import` reads the JSON."""
    with desk() as reached:
        row = reached.ask("GET", path("queues", queue, "plan"))
    if as_json:
        show_json(row)
        return
    for name, value in row.items():
        click.echo(clean(f"{name.replace('_', ' '):22}{json.dumps(value, ensure_ascii=False)}"))


def _seconds(name: str, text: str) -> Callable[[F], F]:
    return click.option(name, type=click.FloatRange(0), metavar="SECONDS", help=text)


@queue.command("set")
@_queue
@click.option("--tenant", help="Whose it is; needed for a new queue.")
@click.option("--strategy", type=click.Choice(STRATEGIES), help="How a free seat is chosen.")
@click.option("--seat", "seats", multiple=True, metavar="SEAT[,TIER]", help="All its seats.")
@click.option("--weight", type=int, help="Queues of more weight are served first.")
@_seconds("--ring", "How long a seat rings.")
@_seconds("--wrap-up", "Time after each call.")
@click.option("--answer-within", type=int, metavar="SECONDS", help="What the service level wants.")
@click.option("--short-abandon", type=int, metavar="SECONDS", help="Hung up too soon to count.")
@_seconds("--ageing", "Waiting that outweighs one step of priority.")
@_seconds("--tier-after", "Waiting after which the next tier opens.")
@_seconds("--redial", "Who dials again within this regains the place.")
@_seconds("--announce-every", "Time between announcements of position and wait.")
@click.option("--say-position/--no-position", default=None, help="Whether the place is told.")
@click.option("--say-wait/--no-wait", default=None, help="Whether the expected wait is told.")
@click.option("--comfort", multiple=True, metavar="PROMPT", help="Spoken after it, in turn.")
@click.option("--announce-in", multiple=True, metavar="LANGUAGE", help="Not the caller's.")
@click.option(
    "--whisper",
    multiple=True,
    metavar="PROMPT",
    help="Told to the agent first: a prompt, {waited}, {caller}, {region}, {queue}, {tenant}.",
)
@click.option(
    "--need", "needs", multiple=True, metavar="SKILL[=LEVEL]", help="What callers need; ? wishes."
)
@click.option("--disposition", "dispositions", multiple=True, help="What may come of a call.")
@click.option(
    "--disposition-required/--disposition-optional", default=None, help="Whether it must be said."
)
@click.option("--survey", metavar="FLOW", help="Asked when a seat has hung up; '' for none.")
@click.option(
    "--specialists-first/--strategy-only", default=None, help="Who can do little else goes first."
)
@click.option("--most-waiting", type=click.IntRange(0), help="The queue is full with so many.")
@click.option("--full-to", help="Where callers go then.")
@_seconds("--most-wait", "The longest anybody waits.")
@click.option("--waited-to", help="Where callers go then.")
@click.option("--needs-seat/--needs-no-seat", default=None, help="Send on when nobody is there.")
@click.option("--no-seat-to", help="Where callers go then.")
@click.option("--key", help="What a waiting caller may press to leave.")
@click.option("--key-to", help="Where callers go then.")
def set_(queue: str, **values: Any) -> None:
    """Set what is given of QUEUE, or make it; the rest stays.

    It counts from the next decision.
    """
    said = {name: value for name, value in values.items() if value not in (None, ())}
    if "seats" in said:
        said["seats"] = [_seat(text) for text in said["seats"]]
    if "needs" in said:
        said["needs"] = [_need(text) for text in said["needs"]]
    limits = {name: said.pop(name) for name in _LIMITS if name in said}
    with desk(telling=True) as reached:
        if limits:
            said["limits"] = _limits(reached, queue) | limits
        row = reached.ask("PATCH", path("queues", queue, "plan"), said)
    click.echo(clean(f"Queue {row['name']}: {row['strategy']}, {len(row['seats'])} seats."))


@queue.command("import")
@_queue
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(queue: str, file: Path) -> None:
    """Set up QUEUE as FILE says: JSON of `queue show --json`."""
    try:
        body = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{file} cannot be read: {error}.") from None
    if not isinstance(body, dict):
        raise click.ClickException(f"{file} is not a queue: write an object of its settings.")
    body.pop("name", None)
    with desk(telling=True) as reached:
        row = reached.ask("PATCH", path("queues", queue, "plan"), body)
    click.echo(clean(f"Queue {row['name']}: {row['strategy']}, {len(row['seats'])} seats."))


_LIMITS = (
    "most_waiting",
    "full_to",
    "most_wait",
    "waited_to",
    "needs_seat",
    "no_seat_to",
    "key",
    "key_to",
)


def _limits(reached: Any, queue: str) -> dict[str, Any]:
    from callcenter.kernel.errors import NotFound

    try:
        limits: dict[str, Any] = reached.ask("GET", path("queues", queue, "plan"))["limits"]
    except NotFound:
        return {}
    return limits


def _seat(text: str) -> list[str | int]:
    number, _, tier = text.partition(",")
    if tier and not tier.isdigit():
        raise click.BadParameter(f"{text!r}: write the seat and its tier, such as 1001,2.")
    return [number, int(tier or 1)]


def _need(text: str) -> dict[str, Any]:
    wish = text.endswith("?")
    name, _, level = text.rstrip("?").partition("=")
    if not name or (level and not level.isdigit()):
        raise click.BadParameter(f"{text!r}: write a skill and its level, such as ja=2.")
    return {"name": name, "level": int(level or 1), "preferred": wish}
