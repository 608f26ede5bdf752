"""Web requests of flows: httpx, a deadline, a size limit, and no way into our own house.

A flow is written by a tenant, so its requests may reach public addresses only, follow no redirect
and read at most some kilobytes. ``local=True`` lifts the first rule, for tests and for sites whose
flows are all their own.
"""

import asyncio
import ipaddress
import json
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from callcenter.ivr.host import WebAnswer, WebRequest

MOST_BYTES = 64 * 1024
_MOST_LETTERS = 200  # of one value


async def fetch(request: WebRequest, *, local: bool = False) -> WebAnswer:
    """Ask and pick the wanted values; every failure is an answer that says why, never an error."""
    try:
        async with asyncio.timeout(request.wait.total_seconds()):
            if not local and not await _is_public(request.url):
                return WebAnswer(ok=False, why="the address is not public")
            return picked(await _ask(request), request.into)
    except TimeoutError:
        return WebAnswer(ok=False, why=f"no answer within {request.wait.total_seconds():g} s")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return WebAnswer(ok=False, why=f"{type(error).__name__}: {error}"[:_MOST_LETTERS])


def picked(answer: Any, into: Mapping[str, str]) -> WebAnswer:
    """Values by path: ``account.cards.0.balance``."""
    values: dict[str, str] = {}
    for name, path in into.items():
        value = answer
        for step in path.split("."):
            if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            elif isinstance(value, dict) and step in value:
                value = value[step]
            else:
                return WebAnswer(ok=False, why=f"the answer has no {path}")
        if isinstance(value, dict | list) or value is None:
            return WebAnswer(ok=False, why=f"{path} of the answer is no single value")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        values[name] = text[:_MOST_LETTERS]
    return WebAnswer(ok=True, values=values)


async def _ask(request: WebRequest) -> Any:
    send: dict[str, Any] = (
        {"json": dict(request.send)}
        if request.method == "POST"
        else {"params": {**httpx.QueryParams(urlsplit(request.url).query), **request.send}}
    )
    wait = request.wait.total_seconds()
    async with (
        httpx.AsyncClient(timeout=wait, trust_env=False, follow_redirects=False) as client,
        client.stream(request.method, request.url, **send) as response,
    ):
        if response.status_code != httpx.codes.OK:
            raise ValueError(f"status {response.status_code}")
        body = b""
        async for part in response.aiter_bytes():
            body += part
            if len(body) > MOST_BYTES:
                raise ValueError(f"more than {MOST_BYTES} bytes")
    return json.loads(body) if request.into else None


async def _is_public(url: str) -> bool:
    """Whether every address behind the name is one of the public net."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in found]
    return bool(addresses) and all(address.is_global for address in addresses)
