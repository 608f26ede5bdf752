"""``callcenter flow draw``, ``try`` and ``switchboard``: what needs no engine."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcenter.cli.flow import Desk, fail, flow, flow_desk, flow_names, read_text, version_option
from callcenter.cli.shown import clean

if TYPE_CHECKING:
    from callcenter.ivr.model import Flow

__all__ = ["flow"]


@flow.command()
@click.argument("source", shell_complete=flow_names)
@version_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A .svg or .png file.")
def draw(source: str, version: int, output: Path | None) -> None:
    """Draw a flow as a tree. With -o as a picture; SOURCE is a file or a flow's name."""
    from callcenter.ivr import draw as pen
    from callcenter.kernel.errors import Refused

    drawn = _source(source, version)
    if output is None:
        from rich.console import Console

        Console(highlight=False, markup=False, emoji=False).print(pen.tree(drawn))
        return
    try:
        match output.suffix.lower():
            case ".svg":
                output.write_text(pen.svg(drawn), encoding="utf-8")
            case ".png":
                output.write_bytes(pen.png(drawn))
            case _:
                raise Refused(f"{output} is no picture; name a file that ends in .svg or .png.")
    except ValueError:
        raise Refused("This flow is too large for a PNG; draw an SVG.") from None
    except OSError as error:
        raise Refused(f"{output} cannot be written: {error.strerror}.") from None
    click.echo(f"Drew {drawn.name} to {output}.")


@flow.command("try")
@click.argument("source", shell_complete=flow_names)
@version_option
@click.option("--keys", help="Answers, one for each question, with commas: 1,,2; then hang up.")
@click.option(
    "--language", type=click.Choice(["en", "zh", "ja"]), default="en", help="Of the prompts."
)
@click.option("--hours", default="open", show_default=True, help="What branches on hours find.")
@click.option("--fact", "facts", multiple=True, metavar="NAME=VALUE", help="Like region=广东.")
@click.option("--real-time", is_flag=True, help="Prompts and waits take their time.")
def try_(
    *,
    source: str,
    version: int,
    keys: str | None,
    language: str,
    hours: str,
    facts: tuple[str, ...],
    real_time: bool,
) -> None:
    """Walk through a flow with typed keys. SOURCE is a file or a flow's name.

    Prompts are printed. Press keys and Enter, only Enter for none, Ctrl-D to hang up. Where a seat
    or a queue would answer you are asked what it does. Nothing is dialled and nothing is sent.
    """
    from callcenter.ivr.try_ import Script, try_flow
    from callcenter.ivr.typist import Terminal
    from callcenter.ivr.walker import WalkEnd
    from callcenter.kernel.errors import Refused

    tried = _source(source, version)
    known = dict(fact.partition("=")[::2] for fact in facts)

    def show(line: str) -> None:
        click.echo(clean(line))

    end = asyncio.run(
        try_flow(
            tried,
            Terminal(sys.stdin) if keys is None else Script(keys.split(",")),
            show,
            language=language,
            facts=known,
            hours=hours,
            find=_in_force,
            real_time=real_time,
        )
    )
    if end is WalkEnd.BROKEN:
        raise Refused(f"Flow {tried.name} broke; the line that begins with BROKEN says where.")


@flow.command()
@click.option("--table", type=click.File("rb"), required=True, help="CSV: key, name, line1-line4.")
@click.option(
    "--level", type=click.IntRange(1, 2), default=1, show_default=True, help="How many menus deep."
)
@click.option("--name", default="switchboard", show_default=True, help="Name of the flow.")
@click.option("--operator", default="", help="Telephone behind key 0.")
def switchboard(table: Any, level: int, name: str, operator: str) -> None:
    """Print the flow of a switchboard made from a short table.

    Level 1: a row is a key and up to 4 telephones, tried in turn. Level 2: with a column
    department, too. Callers may also dial an extension after *. Pipe it to `callcenter flow
    import -`.
    """
    import yaml

    from callcenter.ivr.switchboard import switchboard as make

    made = make(read_text(table), level=level, name=name, operator=operator)
    click.echo(yaml.safe_dump(made, sort_keys=False, allow_unicode=True), nl=False)


def _source(source: str, version: int) -> "Flow":
    from callcenter.ivr.validate import validate

    if Path(source).is_file():
        with Path(source).open("rb") as file:
            text = read_text(file)
    else:
        with flow_desk() as desk:
            text = desk.flow_document(source, version)
    checked = validate(text)
    if checked.flow is None:
        first = checked.findings[0]
        fail(f"{source}:{first.line}:{first.column}: {first.message}")
        raise AssertionError  # not reached
    return checked.flow.model_copy(update={"version": version or 1})


def _in_force(name: str) -> "Flow | None":
    """A flow to jump to."""
    from callcenter.ivr.validate import validate
    from callcenter.kernel.errors import CallCenterError

    desk: Desk
    try:
        with flow_desk() as desk:
            return validate(desk.flow_document(name)).flow
    except CallCenterError:
        return None
