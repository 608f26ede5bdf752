"""The paths of routing where no engine runs: the same bodies, checks and sentences, no socket.

The command line asks here as it asks a :class:`callcenter.web.client.Client`.
"""

import asyncio
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache
from typing import Any, TypeVar

import httpx
from fastapi import APIRouter, FastAPI

from callcenter.kernel.errors import NotFound
from callcenter.web.access import Keys, add_access
from callcenter.web.agents import add_pauses
from callcenter.web.api import _errors, _Route
from callcenter.web.client import Row, _refusal, answer_of, piece_of, range_from
from callcenter.web.lines import add_lines
from callcenter.web.members import Members, add_members
from callcenter.web.queues import add_queues
from callcenter.web.recording_rules import add_recording_rules
from callcenter.web.recordings import Recordings, add_recordings
from callcenter.web.reports import Reports, add_reports
from callcenter.web.routing import Routing, add_routing
from callcenter.web.survey import Surveys, add_survey

Service = TypeVar("Service")


class Alone:
    """Answers from the database. Blocking; not for use inside an event loop."""

    def __init__(
        self,
        routing: Routing,
        members: Members,
        recordings: Recordings | None = None,
        *,
        keys: Keys | None = None,
        reports: Reports | None = None,
        surveys: Surveys | None = None,
    ) -> None:
        self.routing = routing
        self.members = members
        self.recordings = recordings
        self.keys = keys
        self.reports = reports
        self.surveys = surveys

    def ask(self, method: str, path: str, body: Row | None = None) -> Any:
        """One request."""
        return asyncio.run(self._ask(method, path, body))

    def piece(self, path: str, begin: int) -> tuple[bytes, int]:
        """Some bytes of a sound from ``begin`` on, and the size of all of it."""
        response = asyncio.run(self._respond("GET", path, headers=range_from(begin)))
        return piece_of(response, begin)

    def stream(self, path: str) -> Iterator[bytes]:
        """A long answer; here it comes at once."""
        yield asyncio.run(self._respond("GET", path)).content

    async def _ask(self, method: str, path: str, body: Row | None) -> Any:
        return answer_of(await self._respond(method, path, json=body))

    async def _respond(self, method: str, path: str, **request: Any) -> httpx.Response:
        _asked.set(self)  # in the context of this one request
        transport = httpx.ASGITransport(_api())
        async with httpx.AsyncClient(
            transport=transport, base_url="http://here", trust_env=False
        ) as client:
            response = await client.request(method, path, **request)
        if response.is_success:
            return response
        raise _refusal(response)


_asked: ContextVar[Alone] = ContextVar("_asked")


class _Desk:
    """What the routes ask: the services of the :class:`Alone` whose request this is."""

    @property
    def routing(self) -> Routing:
        return _asked.get().routing

    @property
    def members(self) -> Members:
        return _asked.get().members

    @property
    def recordings(self) -> Recordings:
        return _here(_asked.get().recordings)

    @property
    def keys(self) -> Keys:
        return _here(_asked.get().keys)

    @property
    def reports(self) -> Reports:
        return _here(_asked.get().reports)

    @property
    def surveys(self) -> Surveys:
        return _here(_asked.get().surveys)


def _here(service: Service | None) -> Service:
    if service is None:
        raise NotFound("Without an engine this is not answered here.")
    return service


@cache
def _api() -> FastAPI:
    """Made once in a process: models for some seventy routes take a tenth of a second."""
    api = FastAPI(openapi_url=None)
    router = APIRouter(prefix="/v1", route_class=_Route)
    desk = _Desk()
    add_routing(router, desk)
    add_lines(router, desk)
    add_members(router, desk)
    add_queues(router, desk)
    add_pauses(router, desk)
    add_recording_rules(router, desk)
    add_recordings(router, desk)
    add_reports(router, desk)
    add_survey(router, desk)
    add_access(router, desk)
    api.router.routes.extend(router.routes)
    _errors(api)
    return api
