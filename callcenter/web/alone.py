"""The paths of routing where no engine runs: the same bodies, checks and sentences, no socket.

The command line asks here as it asks a :class:`callcenter.web.client.Client`.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI

from callcenter.web.access import Keys, add_access
from callcenter.web.agents import add_pauses
from callcenter.web.api import _errors, _Route
from callcenter.web.client import Row, _refusal, piece_of, range_from
from callcenter.web.lines import add_lines
from callcenter.web.members import Members, add_members
from callcenter.web.queues import add_queues
from callcenter.web.recording_rules import add_recording_rules
from callcenter.web.recordings import Recordings, add_recordings
from callcenter.web.reports import Reports, add_reports
from callcenter.web.routing import Routing, add_routing


@dataclass(frozen=True)
class _Desk:
    routing: Routing
    members: Members


@dataclass(frozen=True)
class _Records:
    recordings: Recordings


@dataclass(frozen=True)
class _Counted:
    reports: Reports


@dataclass(frozen=True)
class _Keys:
    keys: Keys


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
    ) -> None:
        self._api = FastAPI(openapi_url=None)
        router = APIRouter(prefix="/v1", route_class=_Route)
        desk = _Desk(routing, members)
        add_routing(router, desk)
        add_lines(router, desk)
        add_members(router, desk)
        add_queues(router, desk)
        add_pauses(router, desk)
        add_recording_rules(router, desk)
        if recordings is not None:
            add_recordings(router, _Records(recordings))
        if reports is not None:
            add_reports(router, _Counted(reports))
        if keys is not None:
            add_access(router, _Keys(keys))
        self._api.router.routes.extend(router.routes)
        _errors(self._api)

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
        response = await self._respond(method, path, json=body)
        return response.json() if response.content else None

    async def _respond(self, method: str, path: str, **request: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._api)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://here", trust_env=False
        ) as client:
            response = await client.request(method, path, **request)
        if response.is_success:
            return response
        raise _refusal(response)
