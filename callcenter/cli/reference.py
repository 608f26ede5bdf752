"""Writes ``docs/reference/cli.md`` from the commands themselves.

``python -m callcenter.cli.reference`` rewrites it; a test fails when that was forgotten.
"""

import inspect
from collections.abc import Iterator

import click

from callcenter.cli import main
from callcenter.settings import PROJECT

PAGE = PROJECT / "docs" / "reference" / "cli.md"
_HEAD = """\
# The `callcenter` command

Written by `python -m callcenter.cli.reference`; do not edit.

What a person sees goes to stdout, problems to stderr, each as one sentence. With `--json` a list
is printed as JSON whose keys are those of the REST API and stay.

| exit status | meaning |
|---|---|
| 0 | done |
| 1 | refused, or what was named does not exist |
| 2 | typed wrongly, or the settings cannot be used |
| 3 | no engine is running, or it does not answer |
| 4 | the PBX cannot be found, started or reached |
| 5 | the database cannot be used or has another schema |
| 6 | an engine is running already |
| 7 | the journal cannot be opened |
| 70 | a fault of the program |
| 130 | interrupted |
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_sections(main, None, "callcenter")])


def _sections(command: click.Command, parent: click.Context | None, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    if isinstance(command, click.Group):
        if parent is None or command.invoke_without_command:
            yield _section(command, context)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None:
                yield from _sections(found, context, child)
    else:
        yield _section(command, context)


def _section(command: click.Command, context: click.Context) -> str:
    """Not click's own help text: its look differs from version to version."""
    arguments = [param.make_metavar(context) for param in command.params if _is_argument(param)]
    usage = " ".join([context.command_path, *arguments])
    lines = [f"## `{usage}`", "", inspect.cleandoc(command.help or "")]
    options = [param for param in command.params if isinstance(param, click.Option)]
    if options:
        lines += ["", *(f"- `{', '.join(o.opts)}`: {_meaning(o)}" for o in options)]
    return "\n".join(lines) + "\n"


def _is_argument(param: click.Parameter) -> bool:
    return isinstance(param, click.Argument)


def _meaning(option: click.Option) -> str:
    default = f" Default: {option.default}." if option.show_default else ""
    return f"{option.help or ''}{default}"


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
