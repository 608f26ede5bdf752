"""Groups of lines, ways out and colour rings over REST."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from callcenter.kernel.actor import require_own, sees
from callcenter.kernel.errors import NotFound, Refused
from callcenter.lines import (
    Line,
    LineGroup,
    LineKind,
    Order,
    load_lines,
    remove_group,
    save_group,
)
from callcenter.numbers import (
    Destination,
    Extension,
    HostedNumber,
    load_numbers,
    save_extension,
    save_number,
    save_trunk,
)
from callcenter.web.places import require_places
from callcenter.web.routing import Desk

Name = Annotated[str, Field(min_length=1, max_length=64)]
Ring = Annotated[str, Field(max_length=80, pattern=r"^([a-z]{2}/[a-z0-9/_-]+)?$")]
_MOST_LINES = 500


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LineBody(_Body):
    """One line; ``ring`` in seconds, ``calls`` at once."""

    name: Name
    kind: LineKind
    number: Name
    trunk: str = Field("", max_length=64)
    calls: int = Field(1, ge=1, le=10_000)
    hours: str = Field("", max_length=64)
    ring: float = Field(20, ge=1, le=300)


class GroupBody(_Body):
    """A group as it is to be, whole."""

    tenant: Name
    order: Order = Order.ORDERED
    lines: list[LineBody] = Field(default_factory=list, max_length=_MOST_LINES)
    colour_ring: Ring = ""
    fallback: str = Field("", max_length=80)
    record: bool = True


class GroupView(GroupBody):
    """A group under its name."""

    group: str


class ExtensionChange(_Body):
    """What is given is set, the rest stays."""

    outside: bool | None = None
    colour_ring: Ring | None = None


class ExtensionView(BaseModel):
    """An extension without its password."""

    extension: str
    tenant: str
    name: str
    outside: bool
    colour_ring: str


class ContactChange(_Body):
    """Where calls to the world leave by this trunk: ``host`` or ``host:port``; "": none do."""

    contact: str = Field(max_length=100, pattern=r"^([0-9A-Za-z.-]{1,80}(:[0-9]{1,5})?)?$")


class ColourRing(_Body):
    """The prompt that callers of a number hear before an answer; "": none."""

    colour_ring: Ring


def add_lines(router: APIRouter, desk: Desk) -> None:
    """Put the paths of this file on the router."""
    _groups(router, desk)
    _ways(router, desk)


def _groups(router: APIRouter, desk: Desk) -> None:
    @router.get("/lines")
    async def groups(tenant: str = "") -> list[GroupView]:
        """Every group of lines, or those of a tenant."""
        found = await desk.routing.ask(load_lines)
        rows = [_view(group) for _, group in sorted(found.groups.items())]
        return [row for row in rows if tenant in ("", row.tenant) and sees(row.tenant)]

    @router.put("/lines/{group}")
    async def set_group(group: str, body: GroupBody) -> GroupView:
        """Make a group, or replace it whole."""
        made = _group(group, body)

        def work(connection: Connection) -> None:
            _require_known(connection, made)
            save_group(connection, made)

        await desk.routing.change(work)
        return _view(made)

    @router.delete("/lines/{group}", status_code=204)
    async def remove(group: str) -> None:
        """Forget a group."""

        def work(connection: Connection) -> None:
            found = load_lines(connection).groups.get(group)
            if found is None:
                raise NotFound(_no_group(group))
            require_own(found.tenant, _no_group(group))
            remove_group(connection, group)

        await desk.routing.change(work)


def _ways(router: APIRouter, desk: Desk) -> None:
    @router.put("/trunks/{trunk}/contact")
    async def set_contact(trunk: str, body: ContactChange) -> ContactChange:
        """Say where calls leave; the PBX is told by the next reload."""

        def work(connection: Connection) -> None:
            found = load_numbers(connection).trunks.get(trunk)
            if found is None:
                raise NotFound(f"There is no trunk {trunk!r}.")
            save_trunk(connection, replace(found, contact=body.contact))

        await desk.routing.change(work)
        return body

    @router.put("/extensions/{extension}/rights")
    async def set_extension(extension: str, body: ExtensionChange) -> ExtensionView:
        """Who may dial outside, and what callers of the extension hear."""

        def work(connection: Connection) -> Extension:
            found = load_numbers(connection).extensions.get(extension)
            if found is None:
                raise NotFound(f"There is no extension {extension}.")
            require_own(found.tenant, f"There is no extension {extension}.")
            given = {k: v for k, v in body.model_dump().items() if v is not None}
            changed = replace(found, **given)
            save_extension(connection, changed)
            return changed

        return _shown(await desk.routing.change(work))

    @router.put("/numbers/{number}/colour-ring")
    async def set_ring(number: str, body: ColourRing) -> ColourRing:
        """What callers of the number hear before somebody answers."""

        def work(connection: Connection) -> None:
            found: HostedNumber | None = load_numbers(connection).numbers.get(number)
            if found is None:
                raise NotFound(f"Number {number} is not hosted here.")
            require_own(found.tenant, f"Number {number} is not hosted here.")
            save_number(connection, replace(found, flow="", colour_ring=body.colour_ring))

        await desk.routing.change(work)
        return body


def _no_group(name: str) -> str:
    return f"There is no group of lines {name!r}."


def _group(name: str, body: GroupBody) -> LineGroup:
    return LineGroup(
        name=name,
        tenant=body.tenant,
        order=body.order,
        lines=tuple(
            Line(
                name=line.name,
                kind=line.kind,
                number=line.number,
                trunk=line.trunk,
                calls=line.calls,
                hours=line.hours,
                ring=timedelta(seconds=line.ring),
            )
            for line in body.lines
        ),
        colour_ring=body.colour_ring,
        fallback=Destination.parse(body.fallback) if body.fallback else None,
        record=body.record,
    )


def _require_known(connection: Connection, group: LineGroup) -> None:
    known = load_numbers(connection)
    if group.tenant not in known.tenants:
        raise NotFound(f"There is no tenant {group.tenant!r}.")
    require_own(group.tenant, f"There is no tenant {group.tenant!r}.")
    before = load_lines(connection).groups.get(group.name)
    if before is not None:
        require_own(before.tenant, _no_group(group.name))
    if group.fallback is not None:
        require_places(connection, [str(group.fallback)])
    for line in group.lines:
        if line.trunk and line.trunk not in known.trunks:
            raise NotFound(f"Line {line.name}: there is no trunk {line.trunk!r}.")
        extension = known.extensions.get(line.number)
        if line.kind is LineKind.EXTENSION and (extension is None or not sees(extension.tenant)):
            raise NotFound(f"Line {line.name}: there is no extension {line.number}.")
    if before is not None and before.tenant != group.tenant:
        raise Refused(f"Group {group.name!r} belongs to tenant {before.tenant!r}.")


def _view(group: LineGroup) -> GroupView:
    return GroupView(
        group=group.name,
        tenant=group.tenant,
        order=group.order,
        lines=[
            LineBody(
                name=line.name,
                kind=line.kind,
                number=line.number,
                trunk=line.trunk,
                calls=line.calls,
                hours=line.hours,
                ring=line.ring.total_seconds(),
            )
            for line in group.lines
        ],
        colour_ring=group.colour_ring,
        fallback=str(group.fallback) if group.fallback else "",
        record=group.record,
    )


def _shown(found: Extension) -> ExtensionView:
    return ExtensionView(
        extension=found.number,
        tenant=found.tenant,
        name=found.name,
        outside=found.outside,
        colour_ring=found.colour_ring,
    )
