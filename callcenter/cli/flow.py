"""``callcenter flow``: menus as documents, with versions.

Changes go to the running engine and count from the next call; where no engine runs they go to the
database and count from its start, and one sentence says so.
"""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

import click

from callcenter.cli.either import reached
from callcenter.cli.reach import names
from callcenter.cli.shown import clean, day_and_clock, json_option, show_json, show_rows

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from callcenter.services.flows import FlowDesk
    from callcenter.settings import Settings
    from callcenter.web.client import Client, Row

flow_names = names(lambda client: client.flows(), "name", "tenant")
_tenant_option = click.option("--tenant", default="", help="Whose flow it is.")
version_option = click.option(
    "--version", type=click.IntRange(0), default=0, help="A version's number."
)


class Desk(Protocol):
    """The same words to an engine (:class:`callcenter.web.client.Client`) and to the database."""

    def flows(self) -> "list[Row]": ...
    def flow_versions(self, name: str) -> "list[Row]": ...
    def flow_document(self, name: str, version: int = 0) -> str: ...
    def flow_check(self, document: str, tenant: str = "") -> "Row": ...
    def flow_add(self, document: str, tenant: str = "", by: str = "") -> "Row": ...
    def flow_publish(self, name: str, version: int = 0) -> "Row": ...
    def flow_rollback(self, name: str, version: int = 0) -> "Row": ...


@click.group()
def flow() -> None:
    """Write, check, publish and try menus."""


@flow.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List flows and the version in force."""
    with flow_desk() as desk:
        rows = desk.flows()
    columns = {
        "Flow": lambda row: row["name"],
        "Tenant": lambda row: row["tenant"],
        "In force": lambda row: row["in_force"] or "none",
        "Newest": lambda row: row["newest"],
        "Since": lambda row: day_and_clock(row["published_at"]),
    }
    show_rows(rows, columns, as_json=as_json, none="No flow has been imported.")


@flow.command()
@click.argument("name", shell_complete=flow_names)
@json_option
def versions(name: str, as_json: bool) -> None:
    """List the versions of a flow, newest first."""
    with flow_desk() as desk:
        rows = desk.flow_versions(name)
    columns = {
        "Version": lambda row: row["version"],
        "In force": lambda row: "yes" if row["in_force"] else "",
        "Imported": lambda row: day_and_clock(row["created_at"]),
        "By": lambda row: row["created_by"],
        "Last put in force": lambda row: day_and_clock(row["published_at"]) or "never",
    }
    show_rows(rows, columns, as_json=as_json, none="There are no versions.")


@flow.command("import")
@click.argument("file", type=click.File("rb"))
@_tenant_option
@click.option("--publish", "and_publish", is_flag=True, help="Put it in force at once.")
def import_(file: Any, tenant: str, and_publish: bool) -> None:
    """Store FILE (YAML or JSON, - for stdin) as a draft version."""
    text = read_text(file)
    with flow_desk(telling=True) as desk:
        report = desk.flow_add(text, tenant, _who())
        _show_findings(file.name, report)
        if not report["version"]:
            fail(f"{file.name} is no flow; nothing was stored.")
        click.echo(f"Flow {report['name']} has version {report['version']}, a draft.")
        if and_publish:
            _show_published(desk.flow_publish(report["name"], report["version"]))


@flow.command()
@click.argument("name", shell_complete=flow_names)
@version_option
def export(name: str, version: int) -> None:
    """Print a version as it was written. Without --version the one in force."""
    with flow_desk() as desk:
        click.echo(desk.flow_document(name, version), nl=False)


@flow.command()
@click.argument("file", type=click.File("rb"))
@_tenant_option
@json_option
def validate(file: Any, tenant: str, as_json: bool) -> None:
    """Check FILE; each problem with line and column. Status 1 when it cannot be published."""
    with flow_desk() as desk:
        report = desk.flow_check(read_text(file), tenant)
    if as_json:
        show_json(report)
    else:
        _show_findings(file.name, report)
        if report["ok"]:
            click.echo(f"{clean(file.name)} can be published.")
    if not report["ok"]:
        if as_json:
            raise click.exceptions.Exit(1)
        fail(f"{file.name} cannot be published.")


@flow.command()
@click.argument("name", shell_complete=flow_names)
@version_option
def publish(name: str, version: int) -> None:
    """Put a version in force from the next call. Without --version the newest."""
    with flow_desk(telling=True) as desk:
        _show_published(desk.flow_publish(name, version))


@flow.command()
@click.argument("name", shell_complete=flow_names)
@version_option
def rollback(name: str, version: int) -> None:
    """Put an older version in force. Without --version the one that was before."""
    with flow_desk(telling=True) as desk:
        _show_published(desk.flow_rollback(name, version))


@flow.command("schema")
def schema_() -> None:
    """Print the JSON Schema of flow documents."""
    from callcenter.services.flows import schema

    show_json(schema())


def _show_published(row: "Row") -> None:
    click.echo(f"Flow {row['name']}: version {row['version']} is in force.")


def _show_findings(file: str, report: "Row") -> None:
    for found in report["findings"]:
        place = f"{file}:{found['line']}:{found['column']}"
        text = f"{place}: {found['severity']}: {found['message']} [{found['code']}]"
        click.echo(clean(text))


def fail(sentence: str) -> None:
    from callcenter.cli.told import Told

    raise Told(clean(sentence), 1)


def read_text(file: Any) -> str:
    from callcenter.ivr.document import MOST_CHARACTERS
    from callcenter.kernel.errors import Refused

    try:
        return str(file.read(4 * MOST_CHARACTERS + 4).decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Refused(f"{file.name} is not UTF-8 text; save it as UTF-8.") from None


def _who() -> str:
    import getpass

    try:
        return getpass.getuser()[:64]
    except (OSError, KeyError):
        return ""


def flow_desk(*, telling: bool = False) -> "AbstractContextManager[Desk]":
    """The engine when one runs, else the database."""
    from callcenter.services.flows import FlowDesk

    def remote(client: "Client") -> Desk:
        return client

    def local(database: "Engine", _settings: "Settings") -> Desk:
        return _Local(FlowDesk(database))

    return reached(remote, local, telling=telling)


class _Local:
    """A desk on the database that answers in the rows of the API."""

    def __init__(self, desk: "FlowDesk") -> None:
        self._desk = desk

    def flows(self) -> "list[Row]":
        return [_row(row) for row in self._desk.flows()]

    def flow_versions(self, name: str) -> "list[Row]":
        return [_row(row) for row in self._desk.versions(name)]

    def flow_document(self, name: str, version: int = 0) -> str:
        return self._desk.document(name, version)

    def flow_check(self, document: str, tenant: str = "") -> "Row":
        return _row(self._desk.check(document, tenant))

    def flow_add(self, document: str, tenant: str = "", by: str = "") -> "Row":
        return _row(self._desk.add(document, tenant=tenant, by=by))

    def flow_publish(self, name: str, version: int = 0) -> "Row":
        return _row(self._desk.publish(name, version))

    def flow_rollback(self, name: str, version: int = 0) -> "Row":
        return _row(self._desk.rollback(name, version))


def _row(shown: object) -> "Row":
    import msgspec

    made: dict[str, Any] = msgspec.to_builtins(shown)
    return made
