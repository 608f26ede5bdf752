"""Flows over REST: documents in and out, versions, publishing."""

from typing import TYPE_CHECKING, Annotated, Any, Protocol

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from callcenter.ivr.document import MOST_CHARACTERS, Finding
from callcenter.ivr.store import FlowVersion

if TYPE_CHECKING:
    from callcenter.web.services import Services


class FlowView(BaseModel):
    """One flow; ``in_force`` is 0 when no version is."""

    model_config = ConfigDict(from_attributes=True)
    name: str
    tenant: str
    in_force: int
    newest: int
    published_at: Any


class ReportView(BaseModel):
    """What validation found; ``version`` is 0 when nothing was stored."""

    model_config = ConfigDict(from_attributes=True)
    ok: bool
    name: str
    version: int
    findings: list[Finding]


class DocumentView(BaseModel):
    """A document as it was written."""

    name: str
    document: str


class Flows(Protocol):
    """What this file asks of the engine."""

    async def flows(self) -> Any:
        """Every flow, as :class:`FlowView` shows it."""

    async def versions(self, name: str) -> list[FlowVersion]:
        """Versions of a flow, newest first; :class:`NotFound` when there is no such flow."""

    async def document(self, name: str, version: int) -> str:
        """A version as it was written; 0: the one in force, or else the newest."""

    async def check(self, text: str, tenant: str) -> Any:
        """Validate; as :class:`ReportView` shows it."""

    async def add(self, text: str, tenant: str, by: str) -> Any:
        """Store as a draft; as :class:`ReportView` shows it."""

    async def publish(self, name: str, version: int) -> FlowVersion:
        """Put a version in force; 0: the newest."""

    async def rollback(self, name: str, version: int) -> FlowVersion:
        """Put an older version in force; 0: the one before."""

    def schema(self) -> dict[str, Any]:
        """JSON Schema of documents."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FlowDocument(_Body):
    """A document to check or store; ``tenant`` may stand in it instead."""

    document: str = Field(max_length=MOST_CHARACTERS + 1)
    tenant: str = Field("", max_length=64)
    by: str = Field("", max_length=64)


class Which(_Body):
    """A version; 0 lets the engine choose."""

    version: int = Field(0, ge=0)


def add_flows(router: APIRouter, services: "Services") -> None:
    """Put the paths of this file on the router."""

    @router.get("/flows")
    async def flows() -> list[FlowView]:
        """Every flow and the version in force."""
        return [FlowView.model_validate(row) for row in await services.flows.flows()]

    @router.get("/flows/schema")
    async def schema() -> dict[str, Any]:
        """JSON Schema of flow documents."""
        return services.flows.schema()

    @router.post("/flows/validate")
    async def check(body: FlowDocument) -> ReportView:
        """Check a document without storing it."""
        found = await services.flows.check(body.document, body.tenant)
        return ReportView.model_validate(found)

    @router.post("/flows")
    async def add(body: FlowDocument) -> ReportView:
        """Store a document as a draft; ``version`` 0 in the answer says that it is no flow."""
        found = await services.flows.add(body.document, body.tenant, body.by)
        return ReportView.model_validate(found)

    _one_flow(router, services)


def _one_flow(router: APIRouter, services: "Services") -> None:
    @router.get("/flows/{name}")
    async def document(name: str, version: Annotated[int, Query(ge=0)] = 0) -> DocumentView:
        """A version as it was written; 0: the one in force, or else the newest."""
        text = await services.flows.document(name, version)
        return DocumentView(name=name, document=text)

    @router.get("/flows/{name}/versions")
    async def versions(name: str) -> list[FlowVersion]:
        """Every version, newest first."""
        return await services.flows.versions(name)

    @router.post("/flows/{name}/publish")
    async def publish(name: str, body: Which | None = None) -> FlowVersion:
        """Put a version in force for the next call; 0: the newest."""
        return await services.flows.publish(name, body.version if body else 0)

    @router.post("/flows/{name}/rollback")
    async def rollback(name: str, body: Which | None = None) -> FlowVersion:
        """Put an older version in force for the next call; 0: the one before."""
        return await services.flows.rollback(name, body.version if body else 0)
