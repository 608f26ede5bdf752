"""Flows as administrators handle them: import, check, publish, roll back; each step a version.

:class:`FlowDesk` works on the database (blocking) and serves the command line where no engine
runs. :class:`EngineFlows` is the same for a running engine: the next call sees what was published.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine as Database
from sqlalchemy.exc import IntegrityError

from callcenter.acd import load_plan
from callcenter.engine import Engine
from callcenter.ivr import Flow, load_flows, load_published
from callcenter.ivr.document import Finding
from callcenter.ivr.prompt_store import load_prompts
from callcenter.ivr.speech import read_catalogue, read_pieces
from callcenter.ivr.store import (
    FlowVersion,
    add_version,
    find_source,
    list_versions,
    put_in_force,
)
from callcenter.ivr.validate import Checked, Known, validate
from callcenter.kernel.actor import require_own, sees
from callcenter.kernel.errors import CallCenterError, NotFound, Refused
from callcenter.lines import load_lines
from callcenter.numbers import load_numbers
from callcenter.routing.load import load_plans
from callcenter.snapshot import Snapshot

_RESERVED = frozenset({"schema", "validate"})  # words of the REST API
_TRIES = 10


class FlowRefused(CallCenterError):
    """The document has errors; they were found by validation."""

    code = "flow_refused"
    http_status = 422


@dataclass(frozen=True, kw_only=True)
class FlowRow:
    """One flow; ``in_force`` is 0 when no version is."""

    name: str
    tenant: str
    in_force: int
    newest: int
    published_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Report:
    """What validation found; ``version`` is 0 when nothing was stored."""

    ok: bool
    name: str
    version: int
    findings: list[Finding]


def schema() -> dict[str, Any]:
    """The JSON Schema of flow documents."""
    made = Flow.model_json_schema()
    del made["properties"]["version"]  # given by the store
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


class FlowDesk:
    """Blocking."""

    def __init__(
        self, database: Database, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._now = now

    def flows(self) -> list[FlowRow]:
        """Every flow."""
        rows: dict[str, FlowRow] = {}
        with self._database.connect() as connection:
            versions = list_versions(connection)
        for version in versions:  # newest first
            seen = rows.get(version.name)
            if seen is not None and not version.in_force:
                continue
            rows[version.name] = FlowRow(
                name=version.name,
                tenant=version.tenant,
                in_force=version.version if version.in_force else 0,
                newest=seen.newest if seen else version.version,
                published_at=version.published_at if version.in_force else None,
            )
        return [row for row in rows.values() if sees(row.tenant)]

    def versions(self, name: str) -> list[FlowVersion]:
        """Versions of a flow, newest first."""
        with self._database.connect() as connection:
            found = list_versions(connection, name)
        if not found:
            raise NotFound(f"There is no flow {name!r}.")
        require_own(found[0].tenant, f"There is no flow {name!r}.")
        return found

    def document(self, name: str, version: int = 0) -> str:
        """A version as it was written; 0: the one in force, or else the newest."""
        wanted = self._version(name, version)
        with self._database.connect() as connection:
            source = find_source(connection, name, wanted)
        if source is None:
            raise NotFound(f"Flow {name!r} has no version {wanted}.")
        return source

    def check(self, text: str, tenant: str = "") -> Report:
        """Validate a document against what is set up."""
        checked, _ = self._check(text, tenant)
        return _report(checked, 0)

    def add(self, text: str, *, tenant: str = "", by: str = "") -> Report:
        """Store a document as a draft; with ``version`` 0 it is no flow and nothing was stored."""
        checked, owner = self._check(text, tenant)
        if checked.flow is None:
            return _report(checked, 0)
        flow = checked.flow.model_copy(update={"tenant": owner})
        if flow.name in _RESERVED:
            raise Refused(f"A flow cannot be named {flow.name!r}; choose another name.")
        for _ in range(_TRIES):
            try:
                with self._database.begin() as connection:
                    others = {v.tenant for v in list_versions(connection, flow.name)} - {owner}
                    if others - {""} or (others and not sees("")):
                        raise Refused(f"Flow {flow.name!r} belongs to another tenant; rename it.")
                    now = self._now()
                    stored = add_version(connection, flow, source=text, by=by, at=now)
                return _report(checked, stored.version)
            except IntegrityError:
                continue  # somebody else took that version number
        raise Refused(f"Flow {flow.name!r} is being imported by others; try again.")

    def publish(self, name: str, version: int = 0) -> FlowVersion:
        """Put a version in force; 0: the newest. It is validated against what is set up now."""
        wanted = version or self.versions(name)[0].version
        self._require_sound(name, wanted)
        return self._put(name, wanted)

    def rollback(self, name: str, version: int = 0) -> FlowVersion:
        """Put an older version in force; 0: the one below the present that was in force."""
        versions = self.versions(name)
        present = next((v.version for v in versions if v.in_force), 0)
        if not present:
            raise Refused(f"No version of flow {name!r} is in force; publish one.")
        before = [v.version for v in versions if v.published_at and v.version < present]
        if not version and not before:
            raise Refused(f"Flow {name!r} has no version before {present} that was in force.")
        return self._put(name, version or before[0], instead_of=present)

    # -- inside -------------------------------------------------------------------------------

    def _version(self, name: str, version: int) -> int:
        versions = self.versions(name)
        if version:
            return version
        return next((v.version for v in versions if v.in_force), versions[0].version)

    def _put(self, name: str, version: int, instead_of: int = 0) -> FlowVersion:
        with self._database.begin() as connection:
            at = self._now()
            done = put_in_force(connection, name, version, at=at, instead_of=instead_of)
        found = next((v for v in self.versions(name) if v.version == version), None)
        if found is None:
            raise NotFound(f"Flow {name!r} has no version {version}.")
        if not done:
            raise Refused(f"Flow {name!r} was changed by somebody else meanwhile; look again.")
        return found

    def _require_sound(self, name: str, version: int) -> None:
        tenant = self.versions(name)[0].tenant
        report = self.check(self.document(name, version), tenant)
        if not report.ok:
            errors = [f for f in report.findings if f.severity == "error"]
            raise FlowRefused(
                f"Version {version} of flow {name!r} is not put in force:"
                f" {errors[0].message} (line {errors[0].line}"
                f"{f', and {len(errors) - 1} more' if errors[1:] else ''}); mend it and import it."
            )

    def _check(self, text: str, tenant: str) -> tuple[Checked, str]:
        with self._database.connect() as connection:  # not the whole snapshot: lists are long
            snapshot = Snapshot(
                numbers=load_numbers(connection),
                plan=load_plan(connection),
                flows=load_flows(connection),
                published=load_published(connection),
                lines=load_lines(connection),
                prompts=load_prompts(connection),
            )
            hours = load_plans(connection, snapshot.numbers)
        shape = validate(text)
        if shape.flow is None:
            return shape, tenant
        owner = _owner(shape.flow, tenant, snapshot)
        return validate(text, _known(snapshot, hours, owner)), owner


def _owner(flow: Flow, tenant: str, snapshot: Snapshot) -> str:
    if flow.tenant and tenant and flow.tenant != tenant:
        raise Refused(f"The document is of tenant {flow.tenant!r}, not of {tenant!r}.")
    tenants = [name for name in snapshot.numbers.tenants if sees(name)]
    owner = flow.tenant or tenant or (next(iter(tenants)) if len(tenants) == 1 else "")
    if not owner and tenants:
        raise Refused(f"Say whose flow this is: one of {', '.join(sorted(tenants))}.")
    if owner and owner not in tenants:
        raise NotFound(f"There is no tenant {owner!r}.")
    require_own(owner, "Say whose flow this is; you see no tenant.")
    return owner


def _known(snapshot: Snapshot, hours: Iterable[tuple[str, str]], tenant: str) -> Known:
    def of(things: Mapping[str, Any]) -> frozenset[str]:
        return frozenset(k for k, v in things.items() if not tenant or v.tenant == tenant)

    flows = {name: snapshot.flow(name) for name in snapshot.published}
    own = (prompt for whose, prompt in snapshot.prompts.own if whose == tenant)
    return Known(
        prompts=frozenset(_bare(prompt) for prompt in own) | _catalogue(),
        queues=of(snapshot.plan.queues),
        seats=of(snapshot.plan.seats),
        extensions=of(snapshot.numbers.extensions),
        calendars=frozenset(name for whose, name in hours if not tenant or whose == tenant),
        lines=of(snapshot.lines.groups),
        flows={
            name: flow
            for name, flow in flows.items()
            if flow is not None and (not tenant or flow.tenant in ("", tenant))
        },
    )


def _catalogue() -> frozenset[str]:
    return frozenset(_bare(prompt.name) for prompt in (*read_catalogue(), *read_pieces()))


def _bare(prompt: str) -> str:
    """A prompt's name without the language."""
    return prompt.partition("/")[2]


def _report(checked: Checked, version: int) -> Report:
    return Report(
        ok=checked.ok,
        name=checked.flow.name if checked.flow else "",
        version=version,
        findings=checked.findings,
    )


class EngineFlows:
    """See :class:`callcenter.web.flows.Flows`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._desk = FlowDesk(engine.database, engine.clock.now)

    async def flows(self) -> list[FlowRow]:
        """Every flow."""
        return await asyncio.to_thread(self._desk.flows)

    async def versions(self, name: str) -> list[FlowVersion]:
        """Versions of a flow, newest first."""
        return await asyncio.to_thread(self._desk.versions, name)

    async def document(self, name: str, version: int) -> str:
        """A version as it was written."""
        return await asyncio.to_thread(self._desk.document, name, version)

    async def check(self, text: str, tenant: str) -> Report:
        """Validate a document."""
        return await asyncio.to_thread(self._desk.check, text, tenant)

    async def add(self, text: str, tenant: str, by: str) -> Report:
        """Store a document as a draft."""
        return await asyncio.to_thread(lambda: self._desk.add(text, tenant=tenant, by=by))

    async def publish(self, name: str, version: int) -> FlowVersion:
        """Put a version in force for the next call."""
        done = await asyncio.to_thread(self._desk.publish, name, version)
        await self._engine.reload()
        return done

    async def rollback(self, name: str, version: int) -> FlowVersion:
        """Put an older version in force for the next call."""
        done = await asyncio.to_thread(self._desk.rollback, name, version)
        await self._engine.reload()
        return done

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of documents."""
        return schema()
