"""The socket file: for its owner only, cleared after a dead engine, refused beside a living one."""

import asyncio
import os
import signal
import socket
import stat
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from callcenter.kernel.errors import BadSettings, EngineAway
from callcenter.web.client import Client
from callcenter.web.door import LONGEST_PATH, Door, EngineRunning
from callcenter.web.server import ApiServer
from tests.support.services import RowsInMemory, served


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "engine.sock"


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    server = ApiServer()
    yield server
    await server.stop()


async def _ask(path: Path, what: str = "/v1/status") -> httpx.Response:
    transport = httpx.AsyncHTTPTransport(uds=str(path))
    async with httpx.AsyncClient(transport=transport, base_url="http://engine") as client:
        return await client.get(what)


async def test_it_answers_as_soon_as_start_returns(path: Path, server: ApiServer) -> None:
    await server.start(RowsInMemory(), path)
    assert (await _ask(path)).status_code == 200


async def test_signals_stay_the_engines(path: Path, server: ApiServer) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    await server.start(RowsInMemory(), path)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


async def test_only_the_owner_may_come_in(path: Path, server: ApiServer) -> None:
    await server.start(RowsInMemory(), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_after_stop_nothing_is_left_and_another_may_start(path: Path) -> None:
    for _ in range(2):
        server = ApiServer()
        await server.start(RowsInMemory(), path)
        await server.stop()
        await server.stop()
        assert not path.exists()


async def test_stop_waits_for_the_answer_that_is_under_way(path: Path, server: ApiServer) -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    class Slow(RowsInMemory):
        async def reload(self) -> None:
            asked.set()
            await answer.wait()

    await server.start(Slow(), path)
    transport = httpx.AsyncHTTPTransport(uds=str(path))
    async with httpx.AsyncClient(transport=transport, base_url="http://engine") as client:
        request = asyncio.create_task(client.post("/v1/reload"))
        await asked.wait()
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0)
        answer.set()
        assert (await request).status_code == 204
        await stopping


async def test_a_living_engine_is_not_pushed_aside(path: Path, server: ApiServer) -> None:
    with served(RowsInMemory(), path):
        with pytest.raises(EngineRunning, match=rf"already running here \(process {os.getpid()}\)"):
            await server.start(RowsInMemory(), path)
        assert (await _ask(path)).status_code == 200


async def test_a_claim_keeps_others_out_before_anything_is_served(path: Path) -> None:
    first, second = ApiServer(), ApiServer()
    first.claim(path)
    first.claim(path)
    with pytest.raises(EngineRunning):
        second.claim(path)
    await second.stop()  # must not take the first one's place
    with pytest.raises(EngineRunning):
        second.claim(path)
    await first.stop()
    second.claim(path)
    await second.stop()


_DIES = """
import os, signal, sys
from pathlib import Path
from callcenter.web.door import Door
door = Door(Path(sys.argv[1]))
listening = door.listen()
os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_the_socket_of_a_dead_engine_is_replaced(path: Path, server: ApiServer) -> None:
    dead = await asyncio.create_subprocess_exec(sys.executable, "-c", _DIES, str(path))
    assert await asyncio.wait_for(dead.wait(), 60) == -signal.SIGKILL
    assert path.is_socket()
    with Client(path) as client, pytest.raises(EngineAway):
        client.status()
    await server.start(RowsInMemory(), path)
    assert (await _ask(path)).status_code == 200


def test_a_stranger_who_listens_there_is_not_pushed_aside(path: Path) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(path))
        stranger.listen()
        with pytest.raises(EngineRunning, match="somebody answers"):
            Door(path).listen()
        assert path.exists()


def test_a_file_in_the_way_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("a letter")
    with pytest.raises(BadSettings, match="is no socket; move it elsewhere"):
        Door(path).listen()
    assert path.read_text() == "a letter"


def test_the_longest_path_works_and_one_byte_more_is_told(tmp_path: Path) -> None:
    room = LONGEST_PATH - len(os.fsencode(tmp_path)) - 2
    folder = tmp_path / ("h" * (room - len("engine.sock")))
    door = Door(folder / "engine.sock")
    door.listen().close()
    door.close()
    with pytest.raises(BadSettings, match=f"{LONGEST_PATH} are the most that is possible"):
        Door(folder / "xengine.sock").claim()
    with pytest.raises(BadSettings, match="set CALLCENTER_HOME"):
        Client(folder / "xengine.sock")


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadSettings, match=r"Not a directory; mend that or set CALLCENTER_HOME"):
        Door(tmp_path / "file" / "home" / "engine.sock").claim()


def test_without_an_engine_the_client_says_so(path: Path) -> None:
    with Client(path) as client, pytest.raises(EngineAway) as told:
        client.status()
    assert str(told.value) == "No engine is running; start it with `callcenter up`."


def test_an_engine_that_hangs_is_told_in_time(path: Path) -> None:
    door = Door(path)
    with door.listen(), Client(path, timeout=0.2) as client:
        began = time.monotonic()
        with pytest.raises(EngineAway, match=r"does not answer within 0\.2 s"):
            client.status()
        assert time.monotonic() - began < 5
    door.close()


def test_a_proxy_of_the_environment_is_not_asked(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with served(RowsInMemory(), path), Client(path) as client:
        assert client.status()["pid"] == 4711
