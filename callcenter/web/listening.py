"""The live feed as seen from another process: what is shown, kept up to date, resumed after breaks.

:class:`Board` folds what comes; :func:`listen` brings it, for ever, and says when nothing comes.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
from httpx_sse import EventSource

from callcenter.kernel.errors import CallCenterError, EngineAway
from callcenter.web.address import Address
from callcenter.web.client import Row, _refusal, _require_reached
from callcenter.web.rows import Kind

SILENCE_SECONDS = 25.0
"""The engine gives a sign of life more often than that."""
PAUSE_SECONDS = 1.0
"""Between attempts to reach it."""

_FOR_GOOD = (401, 403, 404)
_decode = msgspec.json.Decoder().decode


class Board:
    """Rows by kind and key, as the feed told them last."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Row]] = {kind.value: {} for kind in Kind}
        self.last = ""
        self.whys: list[str] = []  # why everything was told anew, each time
        self._ahead = 0.0  # seconds by which the engine's clock is ahead of ours

    def now(self) -> datetime:
        """The engine's time."""
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + self._ahead, UTC)

    def take(self, event: str, last: str, data: str) -> bool:
        """Fold an event; ``False`` when it changed nothing."""
        self.last = last or self.last
        if event not in ("reset", "changes"):
            return False
        told: dict[str, Any] = _decode(data)
        at = datetime.fromisoformat(told["at"])
        self._ahead = (at - datetime.now(UTC)).total_seconds()
        if event == "reset":
            self.whole(told)
            return True
        for change in told["changes"]:
            self.change(change["kind"], change["key"], change["row"])
        return True

    def change(self, kind: str, key: str, row: Row | None) -> None:
        """A row is so now, or is gone."""
        rows = self.rows.setdefault(kind, {})
        if row is None:
            rows.pop(key, None)
        else:
            rows[key] = row

    def whole(self, told: dict[str, Any]) -> None:
        """Everything, as ``/v1/board`` and a reset tell it."""
        self.whys.append(told["why"])
        for kind in Kind:
            self.rows[kind.value] = {row.get(kind, kind.value): row for row in told[kind]}

    @property
    def engine(self) -> Row | None:
        """How the engine is."""
        return self.rows[Kind.ENGINE].get("engine")

    @property
    def machine(self) -> Row | None:
        """How its machine is; not everybody sees it."""
        return self.rows[Kind.MACHINE].get("machine")


async def listen(
    path: Path | Address, board: Board, changed: Callable[[], None], away: Callable[[str], None]
) -> None:
    """Keep ``board`` as the engine at ``path`` tells, for ever.

    ``changed`` is called after each packet; ``away`` with a sentence when the engine cannot be
    reached, and with "" when it is reached again.

    Raises:
        CallCenterError: the engine refuses for want of a right.
    """
    while True:
        try:
            await asyncio.to_thread(_require_reached, path)
            await _follow(path, board, changed, away)
        except CallCenterError as error:
            if error.http_status in _FOR_GOOD:
                raise
            away(str(error))
        except httpx.ConnectError as error:
            away(str(Address.of(path).away(error)))
        except httpx.TransportError:
            away("The engine went away; asking again.")
        await asyncio.sleep(PAUSE_SECONDS)


async def ask(path: Path | Address, what: str, body: Row, *, within: float) -> None:
    """Have the engine at ``path`` do something (POST ``what``); can be cancelled.

    Raises:
        CallCenterError: it refuses, or cannot be reached.
    """
    await asyncio.to_thread(_require_reached, path)
    try:
        async with _client(path, httpx.Timeout(within)) as client:
            response = await client.post(what, json=body or None)
    except httpx.TimeoutException:
        raise EngineAway(f"The engine does not answer within {within:g} s; see its log.") from None
    except httpx.TransportError:
        raise EngineAway("The engine went away while it was asked; see its log.") from None
    if not response.is_success:
        raise _refusal(response)


def _client(where: Path | Address, timeout: httpx.Timeout) -> httpx.AsyncClient:
    return Address.of(where).async_client(timeout)


async def _follow(
    path: Path | Address, board: Board, changed: Callable[[], None], away: Callable[[str], None]
) -> None:
    timeout = httpx.Timeout(10.0, read=SILENCE_SECONDS)
    headers = {"Accept": "text/event-stream", "Last-Event-ID": board.last}
    async with (
        _client(path, timeout) as client,
        client.stream("GET", "/v1/events", headers=headers) as response,
    ):
        if not response.is_success:
            await response.aread()
            raise _refusal(response)
        away("")
        async for event in EventSource(response).aiter_sse():
            if board.take(event.event, event.id, event.data):
                changed()
