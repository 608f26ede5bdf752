"""``callcenter pbx doctor`` where the PBX is a FreeSWITCH; its event socket is played."""

import json
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from callcenter.pbx.embedded import freeswitch_doctor as doctor
from callcenter.pbx.embedded import layout
from callcenter.pbx.embedded.model import EmbeddedState
from callcenter.settings import Settings

ROWS = {"row_count": 2, "rows": [{"reg_user": "1002"}, {"reg_user": "1001"}]}
SAID = {
    "show registrations as json": json.dumps(ROWS),
    "module_exists mod_sofia": "true",
    "module_exists mod_db": "false",
}


class _EventSocket(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.rfile.readline()
        self.rfile.readline()
        command = self.rfile.readline().decode().strip().removeprefix("api ")
        said = SAID[command]
        self.wfile.write(b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n")
        self.wfile.write(f"Content-Type: api/response\nContent-Length: {len(said)}\n\n".encode())
        self.wfile.write(said.encode())


@pytest.fixture
def event_port() -> Iterator[int]:
    with socketserver.TCPServer(("127.0.0.1", 0), _EventSocket) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, pbx="freeswitch", freeswitch=tmp_path / "freeswitch")


def program(settings: Settings, says: str) -> None:
    assert settings.freeswitch is not None
    settings.freeswitch.write_text(f"#!/bin/sh\necho '{says}'\n")
    settings.freeswitch.chmod(0o755)


def configured(settings: Settings, event_port: int) -> None:
    home = layout.home(settings)
    home.make()
    state = EmbeddedState(
        sip_port=1,
        ami_port=event_port,
        ami_user="",
        ami_secret="s",
        fastagi_port=2,
        fastagi_key="k",
        rtp_start=10,
        rtp_end=20,
    )
    home.state.write_text(json.dumps(asdict(state)))
    modules = '<load module="mod_sofia"/>\n<load module="mod_db"/>'
    (home.etc / "freeswitch.xml").write_text(modules)


@pytest.mark.parametrize(
    ("says", "ok"),
    [
        ("FreeSWITCH version: 1.10.12-release (git)", True),
        ("FreeSWITCH version: 2.0.1", True),
        ("FreeSWITCH version: 1.8.7-release", False),
        ("", False),
    ],
)
def test_a_program_of_some_version(settings: Settings, says: str, ok: bool) -> None:
    program(settings, says)
    found = doctor.program(settings)
    assert (found.ok, "1.10 is needed" in found.sentence) == (ok, not ok)


def test_no_program(settings: Settings) -> None:
    found = doctor.program(settings)
    assert (found.ok, "its maker's packages" in found.sentence) == (False, True)


def test_who_is_registered_and_what_does_not_run(settings: Settings, event_port: int) -> None:
    program(settings, "")
    configured(settings, event_port)
    assert doctor.phones(settings).sentence == "2 registered: 1001, 1002."
    lacking = doctor.modules(settings)
    assert (lacking.ok, lacking.sentence) == (False, "Not running: mod_db.")


def test_errors_in_its_log(settings: Settings) -> None:
    folder = layout.home(settings).log
    folder.mkdir(parents=True)
    file = folder / "freeswitch.log"
    file.write_text("2026-03-02 [NOTICE] all is well\n")
    assert doctor.log(settings).ok
    file.write_text("2026-03-02 [NOTICE] well\n2026-03-02 [ERR] sofia.c:1 no port\n")
    assert "1 errors since the start, the last: 2026-03-02 [ERR]" in doctor.log(settings).sentence
