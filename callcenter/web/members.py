"""Members over REST: list, add, lock, unlock, change a PIN, cards as CSV."""

from typing import Annotated, Protocol

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from callcenter.members import BadLine, Member

Name = Annotated[str, Field(min_length=1, max_length=64)]


class Members(Protocol):
    """What this file asks of the engine or the database."""

    async def everybody(self, tenant: str) -> list[Member]:
        """Members of a tenant, or all."""

    async def add(self, member: Member, pin: str) -> Member:
        """A new member, or new terms for a known one; ``pin`` "" leaves it."""

    async def set_locked(self, tenant: str, number: str, locked: bool) -> Member:
        """Lock or unlock."""

    async def take_in(self, tenant: str, text: str) -> tuple[int, list[BadLine]]:
        """All cards of a CSV file, or none and what is wrong with which line."""


class Desk(Protocol):
    """Whoever has it."""

    @property
    def members(self) -> Members:
        """Members."""


class MemberBody(BaseModel):
    """Terms of a member. ``pin`` is needed for a new one."""

    model_config = ConfigDict(extra="forbid")
    pin: str = Field("", max_length=12)
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None
    allowance_seconds: int | None = Field(None, ge=0)
    services_left: int | None = Field(None, ge=0)
    priority: int = Field(0, ge=0, le=1000)
    queue: str = Field("", max_length=64)


class MemberView(BaseModel):
    """A member without the PIN."""

    tenant: str
    member: str
    locked: bool
    failed: int
    valid_from: AwareDatetime | None
    valid_to: AwareDatetime | None
    allowance_seconds: int | None
    services_left: int | None
    priority: int
    queue: str


class Cards(BaseModel):
    """A CSV file, see ``callcenter.members.cards``."""

    model_config = ConfigDict(extra="forbid")
    csv: str = Field(max_length=50_000_000)


class LineView(BaseModel):
    """A line that cannot be used."""

    line: int
    why: str


class Imported(BaseModel):
    """``imported`` is 0 when there is any bad line: all of it or nothing."""

    imported: int
    bad: list[LineView]


def add_members(router: APIRouter, desk: Desk) -> None:
    """Put the paths of this file on the router."""

    @router.get("/members")
    async def everybody(tenant: str = "") -> list[MemberView]:
        """Every member, or those of a tenant."""
        return [_view(member) for member in await desk.members.everybody(tenant)]

    @router.put("/members/{tenant}/{number}")
    async def add(tenant: str, number: str, body: MemberBody) -> MemberView:
        """Make a member, or give a known one new terms."""
        terms = body.model_dump(exclude={"pin"})
        member = Member(tenant=tenant, number=number, pin_hash="", **terms)
        return _view(await desk.members.add(member, body.pin))

    @router.post("/members/{tenant}/{number}/lock")
    async def lock(tenant: str, number: str) -> MemberView:
        """No check succeeds any more."""
        return _view(await desk.members.set_locked(tenant, number, True))

    @router.post("/members/{tenant}/{number}/unlock")
    async def unlock(tenant: str, number: str) -> MemberView:
        """Checks may succeed again."""
        return _view(await desk.members.set_locked(tenant, number, False))

    @router.post("/members/{tenant}/import")
    async def take_in(tenant: str, body: Cards) -> Imported:
        """All cards of a CSV file, or none."""
        count, bad = await desk.members.take_in(tenant, body.csv)
        return Imported(imported=count, bad=[LineView(line=b.line, why=b.why) for b in bad])


def _view(member: Member) -> MemberView:
    return MemberView(
        tenant=member.tenant,
        member=member.number,
        locked=member.locked,
        failed=member.failed,
        valid_from=member.valid_from,
        valid_to=member.valid_to,
        allowance_seconds=member.allowance_seconds,
        services_left=member.services_left,
        priority=member.priority,
        queue=member.queue,
    )
