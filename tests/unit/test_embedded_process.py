"""Ports, the state file, and knowing our own process from another one."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.embedded import layout, ports, process, runner, write_config
from callcenter.pbx.embedded.state import load_state
from callcenter.settings import PROJECT, Settings, load


@pytest.fixture
def one_block(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A machine with a single block of ports, free at first."""
    base = ports.new_state().sip_port
    ports.release(base)
    monkeypatch.setattr(ports, "_FIRST", base)
    monkeypatch.setattr(ports, "_LAST", base + 1)
    yield base
    ports.release(base)


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_block_with_one_taken_port_is_passed_over(
    one_block: int, kind: socket.SocketKind
) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", one_block + 1))
        with pytest.raises(PbxProblem, match="pbx stop"):
            ports.new_state()
    assert ports.new_state().sip_port == one_block


def test_a_block_chosen_but_not_yet_used_is_nobody_elses(one_block: int) -> None:
    assert ports.new_state().sip_port == one_block
    another = f"from callcenter.pbx.embedded import ports; print(ports.claim({one_block}))"
    argv = [sys.executable, "-c", another]
    assert subprocess.check_output(argv, cwd=PROJECT, text=True) == "False\n"
    ports.release(one_block)
    assert subprocess.check_output(argv, cwd=PROJECT, text=True) == "True\n"


def test_configuring_again_gives_the_old_block_back(tmp_path: Path, one_block: int) -> None:
    settings = load(home=tmp_path)
    assert write_config(settings, [], []).sip_port == one_block
    assert write_config(settings, [], []).sip_port == one_block


def test_two_states_share_no_secret_and_no_port() -> None:
    first, second = ports.new_state(), ports.new_state()
    assert first.ami_secret != second.ami_secret
    assert first.fastagi_key != second.fastagi_key
    assert first.rtp_start % 2 == 0
    assert first.rtp_end < first.sip_port + ports.BLOCK
    assert abs(first.sip_port - second.sip_port) >= ports.BLOCK
    ports.release(first.sip_port)
    ports.release(second.sip_port)


def test_broken_state_file_says_what_to_do(tmp_path: Path) -> None:
    home = layout.Home(tmp_path)
    assert load_state(home) is None
    home.state.write_text('{"sip_port": 1}')
    with pytest.raises(PbxProblem, match=r"state\.json .* remove it"):
        load_state(home)


@pytest.fixture
def home(tmp_path: Path) -> layout.Home:
    found = layout.home(Settings(home=tmp_path))
    found.make()
    return found


def pid_file(home: layout.Home, number: int) -> None:
    (home.run / "asterisk.pid").write_text(f"{number}\n")


def test_pid_of_another_program_is_not_ours(home: layout.Home) -> None:
    pid_file(home, os.getpid())
    assert process.pid(home) is None


def test_pid_of_our_program_is_ours_until_it_ends(home: layout.Home) -> None:
    argv = [sys.executable, "-c", "print(flush=True); input()", str(home.config)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout
        program.stdout.readline()
        pid_file(home, program.pid)
        assert process.pid(home) == program.pid
        process.end(program.pid, patience=5)
        assert process.pid(home) is None  # ended, not yet waited for by its parent
    assert process.pid(home) is None


def test_a_program_that_ignores_the_polite_word_is_ended_too(tmp_path: Path) -> None:
    stubborn = "import signal; signal.signal(15, signal.SIG_IGN); print('.', flush=True); input()"
    argv = [sys.executable, "-c", stubborn]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout
        program.stdout.readline()
        process.end(program.pid, patience=0.1)
        assert program.wait(5) == -9


def test_start_without_configuration_says_so(tmp_path: Path) -> None:
    with pytest.raises(PbxProblem, match="callcenter pbx config"):
        runner.start(Settings(home=tmp_path))


def test_start_with_a_taken_port_says_so(home: layout.Home) -> None:
    state = ports.new_state()
    home.state.write_text(json.dumps(asdict(state)))
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", state.ami_port))
        with pytest.raises(PbxProblem, match=f"TCP port {state.ami_port} .* is taken"):
            runner.start(Settings(home=home.base.parent))


def test_control_socket_moves_when_its_path_would_be_too_long(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    run = layout.home(Settings(home=deep)).run
    assert len(str(run / "asterisk.ctl")) < 108
    assert run != layout.home(Settings(home=deep / "z")).run


def test_missing_program_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout.shutil, "which", lambda _: None)
    with pytest.raises(PbxProblem, match="callcenter pbx install"):
        layout.tool(Settings(pbx_root=tmp_path), "asterisk")


def test_old_asterisk_on_path_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version, counts in (("16.28.0~dfsg", False), ("20.6.0~dfsg", True)):
        fake = tmp_path / version / "asterisk"
        fake.parent.mkdir()
        fake.write_text(f"#!/bin/sh\necho Asterisk {version}\n")
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", str(fake.parent))
        assert (layout.on_path("asterisk") == str(fake)) is counts
