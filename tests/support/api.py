"""The REST API of a scenario's engine, asked without a socket, on turned time.

An answer that goes on for ever (the live feed) is what it had said after some seconds.
"""

import asyncio
import json as jsons
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from callcenter.services import EngineServices
from callcenter.web.api import create_api
from callcenter.web.peer import KEY, Peer
from tests.support.world import World

LOCAL = Peer(name="local root", user="root")
OUTSIDE = Peer(name="192.0.2.7")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    text: str

    @property
    def json(self) -> Any:
        return jsons.loads(self.text)


async def nothing() -> None:
    """Nobody else is to be told."""


class Api:
    """Made anew for each engine."""

    def __init__(self, world: World) -> None:
        assert world.engine is not None
        self.services = EngineServices(world.engine, lambda: None, nothing, None)  # type: ignore[arg-type]
        self.app = create_api(self.services)
        self.closed = False  # the last answer

    async def ask(
        self,
        verb: str,
        path: str,
        body: object = None,
        *,
        token: str = "",
        peer: Peer | None = None,
        within: float = 5,
    ) -> Answer:
        """One request: with a token from outside, else from the local socket."""
        raw = b"" if body is None else jsons.dumps(body).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(raw))]
        if token:
            headers.append((b"authorization", b"Bearer " + token.encode()))
        split = urlsplit(path)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": verb,
            "scheme": "http",
            "path": unquote(split.path),
            "raw_path": split.path.encode(),
            "query_string": split.query.encode(),
            "headers": headers,
            "client": None,
            "server": ("engine", 80),
            KEY: peer or (OUTSIDE if token else LOCAL),
        }
        status, sent = 0, bytearray()
        asked = False

        async def receive() -> dict[str, object]:
            nonlocal asked
            if asked:
                await asyncio.sleep(3600)
            asked = True
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            sent.extend(message.get("body", b""))
            self.closed = message["type"] == "http.response.body" and not message.get("more_body")

        try:
            async with asyncio.timeout(within):
                await self.app(scope, receive, send)  # type: ignore[arg-type]
        except TimeoutError:
            assert status, f"no answer to {verb} {path} within {within} s"
        return Answer(status, bytes(sent).decode(errors="replace"))

    async def token(
        self, name: str, role: str, *, tenants: list[str] | None = None, **more: object
    ) -> str:
        """A new token's secret."""
        body = {"name": name, "role": role, "tenants": tenants, **more}
        made = await self.ask("POST", "/v1/tokens", body)
        assert made.status == 200, made.text
        return str(made.json["secret"])
