"""Who may do what on a real site: tokens over TCP, refusals on record, a log that is proved."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from callcenter.kernel.errors import CallCenterError, EngineAway
from callcenter.web.address import Address
from callcenter.web.client import Client
from tests.support.command import Command
from tests.support.ports import port_below
from tests.support.site import DIALLED, Site, until

pytestmark = pytest.mark.live
ALICE = "13800000001"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A site whose engine also listens on a TCP port."""
    made = Site()
    made.variables["CALLCENTER_HTTP"] = f"127.0.0.1:{port_below()}"
    try:
        await made.open()
        yield made
    finally:
        print(made.engine_says())
        await made.close()


def far(site: Site, token: str) -> Client:
    """A client as on another machine."""
    url = f"http://{site.variables['CALLCENTER_HTTP']}"
    return Client(Address(socket=Path("/nowhere"), url=url, token=token), timeout=30)


def refused(client: Client, verb: str, path: str, body: Any = None) -> str:
    with client, pytest.raises(CallCenterError) as told:
        client.ask(verb, path, body)
    return told.value.code


def made(site: Site, name: str, role: str, **more: object) -> str:
    body = {"name": name, "role": role} | more
    return str(site.client.ask("POST", "/v1/tokens", body)["secret"])


async def test_refused_and_on_record_then_a_damaged_row_is_named(site: Site) -> None:
    here = Command(home=site.home, extra={})
    board = (
        await asyncio.to_thread(
            here, "token", "create", "board", "--role", "supervisor", "--tenant", "demo"
        )
    ).out.strip()
    site.client.ask("PUT", "/v1/tenants/rival", {"name": "Rival"})
    agent = made(site, "anna", "agent", seat="1001")
    rival = made(site, "rita", "supervisor", tenants=["rival"])
    short = made(site, "short", "supervisor", tenants=["demo"], seconds=0.2)

    caller = await site.caller(ALICE)
    call = await caller.dial(DIALLED)
    await call.hears_sound(within=5)
    await call.press("1")
    waiting = await site.call_is(ALICE, state="waiting")
    hang_up = f"/v1/calls/{waiting['call']}/hangup"

    def refusals() -> None:
        assert refused(far(site, agent), "POST", hang_up) == "forbidden"
        assert refused(far(site, agent), "POST", "/v1/seats/1002/logout") == "forbidden"
        assert refused(far(site, rival), "POST", hang_up) == "call_ended"
        with far(site, rival) as client:
            assert client.calls() == client.seats() == client.cdrs() == []
        assert refused(far(site, short), "GET", "/v1/calls") == "expired_token"

    await asyncio.to_thread(refusals)
    assert await asyncio.to_thread(_guess, site, board) >= 0.25 + 0.5
    assert [row["call"] for row in site.client.calls()] == [waiting["call"]]

    there = Command(home=site.home / "far", extra={"CALLCENTER_TOKEN": board})
    url = f"http://{site.variables['CALLCENTER_HTTP']}"
    done = await asyncio.to_thread(there, "--engine", url, "call", "hangup", waiting["call"])
    assert done.status == 0, done.err
    await call.ended(within=5)

    rows = site.client.ask("GET", "/v1/audit?most=1000")[::-1]
    kept = [(row["actor"], row["act"], row["outcome"]) for row in rows]
    act = "POST /v1/calls/{call}/hangup"
    assert kept[-1] == ("board", act, "done")
    assert (kept.count(("anna", act, "forbidden")), kept.count(("rita", act, "call_ended"))) == (
        1,
        1,
    )
    assert ("short", "GET unknown path", "expired_token") in kept
    assert [outcome for _, _, outcome in kept].count("unknown_token") == 12
    [door] = {row["door"] for row in rows if row["actor"] == "rita"}
    assert door.startswith("tok-")
    assert door.endswith(" from 127.0.0.1")
    whole = await asyncio.to_thread(here, "audit", "verify")
    assert (whole.status, whole.out) == (0, f"The audit log is whole: {len(rows)} rows.\n")
    everything = b"".join(
        file.read_bytes() for file in site.home.rglob("*") if file.is_file() and "log" in str(file)
    )
    assert board.encode() not in everything

    await site.nothing_left()
    await _killed_in_the_midst(site, board)
    again = await asyncio.to_thread(here, "audit", "verify")
    assert again.status == 0, again.err

    with sqlite3.connect(site.home / "callcenter.db") as database:
        database.execute("UPDATE audit_log SET actor = 'nobody' WHERE number = 7")
    damaged = (1, "The audit log is broken. Row 7 is not as it was written.")
    broken = await asyncio.to_thread(here, "audit", "verify")
    assert (broken.status, broken.sentence) == damaged
    await site.kill_engine()
    broken = await asyncio.to_thread(here, "audit", "verify")  # without an engine
    assert (broken.status, broken.sentence) == damaged


def _guess(site: Site, good: str) -> float:
    """Twelve wrong tokens; how long the last two took. A good one is served meanwhile."""
    url = f"http://{site.variables['CALLCENTER_HTTP']}"
    took = []
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        for number in range(12):
            begun = time.monotonic()
            wrong = {"Authorization": f"Bearer cct_{number}"}
            assert client.get("/v1/calls", headers=wrong).status_code == 401
            took.append(time.monotonic() - begun)
            if number == 10:
                begun = time.monotonic()
                right = {"Authorization": f"Bearer {good}"}
                assert client.get("/v1/calls", headers=right).status_code == 200
                assert time.monotonic() - begun < 0.25
    return sum(took[10:])


async def _killed_in_the_midst(site: Site, board: str) -> None:
    """kill -9 while acts come in: whatever was answered is on record, once."""
    before = site.client.ask("GET", "/v1/audit?most=1")[0]["number"]
    answered = 0

    def acts() -> None:
        nonlocal answered
        with far(site, board) as client:
            while True:
                try:
                    client.ask("POST", "/v1/calls/c-none/hangup")
                except EngineAway:
                    return
                except CallCenterError:  # there is no such call
                    answered += 1

    asking = [asyncio.create_task(asyncio.to_thread(acts)) for _ in range(2)]
    await until(lambda: answered > 20, why="acts to be answered")
    await site.kill_engine()
    await asyncio.gather(*asking)
    await site.start_engine()
    rows = site.client.ask("GET", "/v1/audit?act=c-none&most=10000")
    assert answered <= len(rows) <= answered + 2
    assert [row["number"] for row in rows[::-1]] == [
        before + 1 + place for place in range(len(rows))
    ]
