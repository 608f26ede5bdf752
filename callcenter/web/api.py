"""The REST API: paths to services, errors to ``{"code", "message"}``. No decision is made here."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, Self

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.exceptions import HTTPException

import callcenter
from callcenter.acd.told import QueueView, SeatView
from callcenter.calls.explaining import Explanation
from callcenter.kernel.errors import CallCenterError, NotFound
from callcenter.web.access import add_access
from callcenter.web.agents import add_agents
from callcenter.web.cdrs import add_cdrs
from callcenter.web.flows import add_flows
from callcenter.web.gate import Gate, problem, require_right
from callcenter.web.lines import add_lines
from callcenter.web.live import add_live
from callcenter.web.mail import add_mail
from callcenter.web.members import add_members
from callcenter.web.prompts import add_prompts
from callcenter.web.queues import add_queues
from callcenter.web.recording_rules import add_recording_rules
from callcenter.web.recordings import add_call_recording, add_recordings
from callcenter.web.reports import add_reports
from callcenter.web.routing import add_routing
from callcenter.web.services import Services
from callcenter.web.supervision import add_supervision
from callcenter.web.survey import add_survey
from callcenter.web.views import CallView, ProblemView, StatusView
from callcenter.web.voicemail import add_voicemail

_log = structlog.get_logger(__name__)
# By its name in the description, where the first route puts it: three models made anew for each of
# 130 routes took as long as everything else about the routes.
_PROBLEM = {
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ProblemView"}}}
}


class LogIn(BaseModel):
    """Body of a login."""

    model_config = ConfigDict(extra="forbid")
    extension: str = Field("", max_length=32)
    outside: str = Field("", max_length=21, description="an outside number instead")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.extension) == bool(self.outside):
            raise ValueError("give an extension or an outside number, one of both")
        return self


class Busy(BaseModel):
    """Body of a pause."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field("", max_length=64)


class _Route(APIRoute):
    """Asks for the right before it reads anything; a fault of ours becomes a logged traceback and
    a plain sentence."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                require_right(request, self.path)
                return await handle(request)
            except (CallCenterError, HTTPException, RequestValidationError):
                raise
            except Exception:
                _log.exception("request failed", method=request.method, path=request.url.path)
                return problem(
                    request.scope, 500, "internal", "The engine met a fault; its log tells more."
                )

        return guarded


def create_api(services: Services) -> FastAPI:
    """The application for one engine; its description is at ``/openapi.json``."""
    api = FastAPI(
        title="Call center engine",
        version=callcenter.__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    answers: dict[int | str, dict[str, Any]] = dict.fromkeys(("4XX", "5XX", 422), _PROBLEM)
    router = APIRouter(prefix="/v1", route_class=_Route, responses=answers)
    _engine(router, services)
    _seats(router, services)
    _calls(router, services)
    add_cdrs(router, services)
    add_live(router, services)
    add_access(router, services)
    add_flows(router, services)
    add_prompts(router, services)
    add_voicemail(router, services)
    add_recordings(router, services)
    add_call_recording(router, services)
    add_recording_rules(router, services)
    add_mail(router, services)
    add_survey(router, services)
    add_reports(router, services)
    add_routing(router, services)
    add_lines(router, services)
    add_members(router, services)
    add_queues(router, services)
    add_agents(router, services)
    add_supervision(router, services)
    # Not by include_router, which makes every route once more at the first request: calls would
    # stand still for some tenths of a second.
    api.router.routes.extend(router.routes)
    _errors(api)
    api.add_middleware(Gate, access=services.access)
    return api


def _engine(router: APIRouter, services: Services) -> None:
    @router.get("/status", responses={"4XX": {"model": ProblemView}})
    async def status() -> StatusView:
        """How the engine is."""
        return services.status()

    @router.get("/queues")
    async def queues() -> list[QueueView]:
        """Every queue: who waits, how long, how many seats."""
        return services.queues()

    @router.post("/reload", status_code=204)
    async def reload() -> None:
        """Take over what was changed in the database."""
        await services.reload()

    @router.post("/stop", status_code=202)
    async def stop() -> None:
        """Stop the engine; calls go on in the PBX."""
        services.stop()


def _seats(router: APIRouter, services: Services) -> None:
    def shown(seat: str) -> SeatView:
        for view in services.seats():
            if view.seat == seat:
                return view
        raise NotFound(f"There is no seat {seat}.")

    @router.get("/seats")
    async def seats() -> list[SeatView]:
        """Every seat: what its agent says and what is seen."""
        return services.seats()

    @router.post("/seats/{seat}/login")
    async def log_in(seat: str, body: LogIn) -> SeatView:
        """Put an agent at a phone."""
        if body.outside:
            services.agents.log_in_outside(seat, body.outside)
        else:
            services.seat_log_in(seat, body.extension)
        return shown(seat)

    @router.post("/seats/{seat}/logout")
    async def log_out(seat: str) -> SeatView:
        """No more calls for this seat."""
        services.seat_log_out(seat)
        return shown(seat)

    @router.post("/seats/{seat}/ready")
    async def ready(seat: str) -> SeatView:
        """It takes calls."""
        services.seat_ready(seat)
        return shown(seat)

    @router.post("/seats/{seat}/busy")
    async def busy(seat: str, body: Busy | None = None) -> SeatView:
        """It takes no calls for now."""
        services.seat_busy(seat, body.reason if body else "")
        return shown(seat)


def _calls(router: APIRouter, services: Services) -> None:
    @router.get("/calls")
    async def calls() -> list[CallView]:
        """Calls that have not ended."""
        return services.calls()

    @router.post("/calls/{call}/hangup", status_code=204)
    async def hang_up(call: str) -> None:
        """End a running call."""
        await services.hang_up(call)

    @router.get("/calls/{call}/explain")
    async def explain(call: str) -> Explanation:
        """Why a call, running or ended, went where it went: each decision, oldest first."""
        return await services.explain(call)


def _errors(api: FastAPI) -> None:
    @api.exception_handler(CallCenterError)
    async def of_ours(request: Request, error: CallCenterError) -> Response:
        return problem(request.scope, error.http_status, error.code, str(error))

    @api.exception_handler(RequestValidationError)
    async def bad_request(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "the body"
        sentence = f"The request cannot be used: {where}: {first['msg']}."
        return problem(request.scope, 422, "bad_request", sentence)

    @api.exception_handler(HTTPException)
    async def no_such_path(request: Request, error: HTTPException) -> Response:
        code = HTTPStatus(error.status_code).name.lower()
        sentence = f"The request cannot be answered: {error.detail}; see /openapi.json."
        return problem(request.scope, error.status_code, code, sentence)
