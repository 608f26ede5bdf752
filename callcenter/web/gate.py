"""The gate before every path: who asks is found out, and what came of it goes on record.

Nothing of a request is read before its sender is known. What the sender may do is asked by the
route itself (``web/api.py``), which alone knows its own path template.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from callcenter.kernel.actor import Actor, Concerned, Role, acting, concerned
from callcenter.kernel.errors import CallCenterError
from callcenter.web.peer import KEY, STRANGER, Peer
from callcenter.web.rights import Act, on_record, require

_ASKED, _ACCESS = "callcenter.asked", "callcenter.access"
_HIDDEN = frozenset({401, 403, 404, 429})


@dataclass(kw_only=True)
class Asked:
    """One request, from its arrival to its answer. ``act`` has the template once it is known."""

    method: str
    path: str
    peer: Peer
    actor: Actor | None = None
    who: str = ""
    token: bool = False
    key: str = ""
    door: str = ""
    quiet: bool = False
    act: Act = ("", "")
    tenant: str = ""
    concerned: Concerned = field(default_factory=Concerned)
    query: str = ""
    begun: int = 0
    status: int = 0
    code: str = ""
    message: str = ""

    def __post_init__(self) -> None:
        self.act = (self.method, "")

    @property
    def belongs_on_record(self) -> bool:
        """Whether it changed something or was refused for want of a right."""
        if self.quiet:
            return False
        if on_record(self.act):
            return True
        limited = self.actor is None or self.actor.tenants is not None
        return self.status in _HIDDEN and (limited or self.status != 404)


class Access(Protocol):
    """Tokens, and the audit log."""

    async def actor(self, secret: str | None, asked: Asked) -> Actor:
        """Whose token this is; slows down those who try wrong ones, or none (``None``).

        Says in ``asked`` whose it was, and whether the refusal is one of too many to record.

        Raises:
            Unauthenticated: nobody's, or of no use any more.
        """

    def still(self, asked: Asked) -> bool:
        """Whether a token that was good still is; asked while a long answer goes out."""

    def begin(self, asked: Asked) -> int:
        """Note that a request begins which changes something; kept in :attr:`Asked.begun`."""

    def record(self, asked: Asked) -> None:
        """Put a finished request on record; returns when it cannot be lost any more."""


class Gate:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = Asked(
            method=scope["method"],
            path=scope["path"],
            query=scope.get("query_string", b"").decode("latin-1"),
            peer=scope.get(KEY, STRANGER),
        )
        scope[_ACCESS] = self._access
        scope[_ASKED] = asked
        answered = _Recording(self._access, asked, send)
        try:
            asked.actor = await self._who(scope, asked)
        except CallCenterError as error:
            await problem(scope, error.http_status, error.code, str(error))(
                scope, receive, answered
            )
            return
        tokens = acting.set(asked.actor), concerned.set(asked.concerned)
        try:
            await self._app(scope, receive, answered)
        finally:
            acting.reset(tokens[0])
            concerned.reset(tokens[1])
            answered.record("interrupted", "The engine ended before it was done.")

    async def _who(self, scope: Scope, asked: Asked) -> Actor:
        secret = _bearer(scope)
        if secret is None and asked.peer.user:
            return Actor(name=asked.peer.user, role=Role.PLATFORM)
        asked.token = secret is not None
        return await self._access.actor(secret, asked)


class _Recording:
    """Puts the request on record before the first word of its answer goes out."""

    def __init__(self, access: Access, asked: Asked, send: Send) -> None:
        self._access = access
        self._asked = asked
        self._send = send
        self._done = False
        self._over = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._asked.status = message["status"]
            self.record(self._asked.code, self._asked.message)
        elif message.get("more_body") and self._asked.token and not self._access.still(self._asked):
            message = {"type": "http.response.body", "body": b""}  # a live feed ends here
        if not self._over:
            self._over = message["type"] == "http.response.body" and not message.get("more_body")
            await self._send(message)

    def record(self, code: str, message: str) -> None:
        if self._done:
            return
        self._done = True
        self._asked.code, self._asked.message = code, message
        if self._asked.belongs_on_record:
            self._access.record(self._asked)


def require_right(request: Request, path: str) -> None:
    """Let the request pass, or refuse it; ``path`` is the template of the route it has reached.

    Raises:
        Forbidden, NotFound: see :func:`callcenter.web.rights.require`.
    """
    method = "GET" if request.method == "HEAD" else request.method
    asked: Asked | None = request.scope.get(_ASKED)
    if asked is not None:
        asked.act = (method, path)
        asked.tenant = str(request.path_params.get("tenant", ""))
    require(acting.get(), (method, path), request.path_params)
    if asked is not None and on_record(asked.act):
        asked.begun = request.scope[_ACCESS].begin(asked)


def problem(scope: Scope, status: int, code: str, message: str) -> JSONResponse:
    """The answer to whatever is refused, kept for the record."""
    asked: Asked | None = scope.get(_ASKED)
    if asked is not None:
        asked.code, asked.message = code, message
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({"code": code, "message": message}, status_code=status, headers=headers)


def _bearer(scope: Scope) -> str | None:
    """The token that was sent; "" for an Authorization that holds none."""
    found: list[tuple[bytes, Any]] = [
        (name, value) for name, value in scope["headers"] if name == b"authorization"
    ]
    if not found:
        return None
    kind, _, secret = found[0][1].decode("latin-1").partition(" ")
    return secret.strip() if kind.lower() == "bearer" and len(found) == 1 else ""
