"""The engine's API as seen from another process: the command line, the demo, scripts.

Answers are the JSON as it came (see ``views.py`` for the keys). Whatever the engine refuses comes
back as the error it raised, with the same sentence.
"""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

import httpx

from callcenter.kernel.errors import CallCenterError, EngineAway
from callcenter.web.address import Address

Row = dict[str, Any]
_PAGE = 1000  # of ended calls
PIECE = 4 << 20
"""Bytes of a sound that are fetched at once."""


class Client:
    """Blocking; use as a context manager. ``timeout`` in seconds, for each request."""

    def __init__(self, where: Path | Address, *, timeout: float = 10.0) -> None:
        self._where = Address.of(where)
        self._where.check()
        self._timeout = timeout
        self._http = self._where.client(timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def status(self) -> Row:
        """How the engine is."""
        return dict(self._ask("GET", "/v1/status"))

    def seats(self) -> list[Row]:
        """Every seat."""
        return list(self._ask("GET", "/v1/seats"))

    def log_in(self, seat: str, extension: str) -> Row:
        """Put an agent at a phone."""
        return dict(self._ask("POST", f"/v1/seats/{_part(seat)}/login", {"extension": extension}))

    def log_out(self, seat: str) -> Row:
        """No more calls for this seat."""
        return dict(self._ask("POST", f"/v1/seats/{_part(seat)}/logout"))

    def ready(self, seat: str) -> Row:
        """It takes calls."""
        return dict(self._ask("POST", f"/v1/seats/{_part(seat)}/ready"))

    def busy(self, seat: str, reason: str = "") -> Row:
        """It takes none for now."""
        return dict(self._ask("POST", f"/v1/seats/{_part(seat)}/busy", {"reason": reason}))

    def queues(self) -> list[Row]:
        """Every queue."""
        return list(self._ask("GET", "/v1/queues"))

    def calls(self) -> list[Row]:
        """Calls that have not ended."""
        return list(self._ask("GET", "/v1/calls"))

    def hang_up(self, call: str) -> None:
        """End a running call."""
        self._ask("POST", f"/v1/calls/{_part(call)}/hangup")

    def explain(self, call: str) -> Row:
        """Why a call went where it went."""
        return dict(self._ask("GET", f"/v1/calls/{_part(call)}/explain"))

    def cdrs(self, most: int = 50, **wanted: str) -> list[Row]:
        """Ended calls, newest first; ``wanted`` are the parameters of the search."""
        rows: list[Row] = []
        after = ""
        while len(rows) < most:
            page = {"most": str(min(_PAGE, most - len(rows))), "after": after}
            response = self._respond("GET", f"/v1/cdrs?{urlencode(page | wanted)}")
            rows += response.json()
            after = response.headers.get("x-next-after", "")
            if not after:
                break
        return rows

    def cdr(self, call: str) -> Row:
        """One ended call."""
        return dict(self._ask("GET", f"/v1/cdrs/{_part(call)}"))

    def flows(self) -> list[Row]:
        """Every flow and the version in force."""
        return list(self._ask("GET", "/v1/flows"))

    def flow_versions(self, name: str) -> list[Row]:
        """Versions of a flow, newest first."""
        return list(self._ask("GET", f"/v1/flows/{_part(name)}/versions"))

    def flow_document(self, name: str, version: int = 0) -> str:
        """A version as it was written; 0: the one in force."""
        return str(self._ask("GET", f"/v1/flows/{_part(name)}?version={version}")["document"])

    def flow_check(self, document: str, tenant: str = "") -> Row:
        """What validation finds in a document."""
        body = {"document": document, "tenant": tenant}
        return dict(self._ask("POST", "/v1/flows/validate", body))

    def flow_add(self, document: str, tenant: str = "", by: str = "") -> Row:
        """Store a document as a draft."""
        body = {"document": document, "tenant": tenant, "by": by}
        return dict(self._ask("POST", "/v1/flows", body))

    def flow_publish(self, name: str, version: int = 0) -> Row:
        """Put a version in force; 0: the newest."""
        return dict(self._ask("POST", f"/v1/flows/{_part(name)}/publish", {"version": version}))

    def flow_rollback(self, name: str, version: int = 0) -> Row:
        """Put an older version in force; 0: the one before."""
        return dict(self._ask("POST", f"/v1/flows/{_part(name)}/rollback", {"version": version}))

    def reload(self) -> None:
        """Have the engine take over what was changed in the database."""
        self._ask("POST", "/v1/reload")

    def stop(self) -> None:
        """Have the engine stop; it may still need a moment."""
        self._ask("POST", "/v1/stop")

    def ask(self, method: str, path: str, body: Row | None = None) -> Any:
        """Any other path; a sound comes as bytes."""
        return self._ask(method, path, body)

    def piece(self, path: str, begin: int) -> tuple[bytes, int]:
        """Some bytes of a sound from ``begin`` on, and the size of all of it."""
        return piece_of(self._respond("GET", path, headers=range_from(begin)), begin)

    def stream(self, path: str) -> Iterator[bytes]:
        """A long answer, piece by piece; it may take its time."""
        self._where.require_reached()
        patient = httpx.Timeout(self._timeout, read=None)
        try:
            with self._http.stream("GET", path, timeout=patient) as response:
                if not response.is_success:
                    response.read()
                    raise _refusal(response)
                yield from response.iter_bytes()
        except httpx.ConnectError as error:
            raise self._where.away(error) from None
        except httpx.TransportError:
            raise EngineAway("The engine broke off its answer; see its log.") from None

    def _ask(self, method: str, path: str, body: Row | None = None) -> Any:
        return answer_of(self._respond(method, path, json=body))

    def _respond(self, method: str, path: str, **request: Any) -> httpx.Response:
        self._where.require_reached()
        try:
            response = self._http.request(method, path, **request)
        except httpx.TimeoutException:
            raise EngineAway(
                f"The engine does not answer within {self._timeout:g} s; see its log."
            ) from None
        except httpx.ConnectError as error:
            raise self._where.away(error) from None
        except httpx.TransportError:
            raise EngineAway("The engine went away while it was asked; see its log.") from None
        if response.is_success:
            return response
        raise _refusal(response)


def answer_of(response: httpx.Response) -> Any:
    """JSON as it came; a sound as bytes."""
    if response.headers.get("content-type") == "audio/wav":
        return response.content
    return response.json() if response.content else None


def range_from(begin: int) -> dict[str, str]:
    """Headers that ask for a piece."""
    return {"range": f"bytes={begin}-{begin + PIECE - 1}"}


def piece_of(response: httpx.Response, begin: int) -> tuple[bytes, int]:
    """What came, and the size of all of it."""
    size = response.headers.get("content-range", "").rpartition("/")[2]
    return response.content, int(size) if size.isdigit() else begin + len(response.content)


def _part(name: str) -> str:
    return quote(name, safe="")


def _require_reached(where: Path | Address) -> None:
    Address.of(where).require_reached()


def _refusal(response: httpx.Response) -> CallCenterError:
    try:
        problem = response.json()
        code, message = str(problem["code"]), str(problem["message"])
    except (ValueError, TypeError, KeyError):
        return CallCenterError(f"The engine gave an answer without sense ({response.status_code}).")
    return _kinds(CallCenterError).get(code, CallCenterError)(message)


def _kinds(base: type[CallCenterError]) -> dict[str, type[CallCenterError]]:
    """Every known error of the family by its code."""
    found = {base.code: base} if "code" in vars(base) else {}
    for kind in base.__subclasses__():
        found |= _kinds(kind)
    return found
