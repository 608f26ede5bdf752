"""The embedded Asterisk for real: it starts, is adopted, is found healthy, and leaves nothing."""

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from callcenter import settings as settings_module
from callcenter.kernel.errors import PbxProblem
from callcenter.pbx import embedded
from callcenter.pbx.embedded import layout, packages, ports, process
from callcenter.pbx.embedded.state import load_state
from callcenter.settings import PROJECT, Settings
from tests.support.phone import Phone, PhoneRefused

pytestmark = [
    pytest.mark.live,
    pytest.mark.asterisk_only("fetched packages, their start and health"),
]

ACCOUNTS = [
    embedded.SipAccount(extension="1001", secret="first-password", name="张三"),
    embedded.SipAccount(extension="1002", secret="second-password"),
]
WORLD = embedded.SipTrunk(name="world", match="127.0.0.3")

Make = Callable[[str], Settings]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Settings of an embedded PBX by name; whatever was started is stopped."""
    made: list[Settings] = []

    def settings(name: str) -> Settings:
        made.append(settings_module.load(home=tmp_path / name))
        return made[-1]

    yield settings
    for one in made:
        embedded.stop(one)
        if state := load_state(layout.home(one)):
            ports.release(state.sip_port)


def configured(settings: Settings) -> Settings:
    embedded.write_config(settings, ACCOUNTS, [WORLD])
    return settings


def test_starts_healthy_and_stops(make: Make) -> None:
    settings = configured(make("with blank"))
    state = embedded.start(settings, die_with_parent=True)
    assert embedded.running(settings) == state
    assert [check for check in embedded.doctor(settings) if not check.ok] == []
    assert embedded.stop(settings)
    assert embedded.running(settings) is None
    assert not embedded.stop(settings)
    assert ports.is_free(state.sip_port)


def test_listens_on_loopback_only(make: Make) -> None:
    settings = configured(make("home"))
    state = embedded.start(settings, die_with_parent=True)
    bound = set(sockets_of(process.pid(layout.home(settings))))
    assert ("udp", "127.0.0.1", state.sip_port) in bound
    assert ("tcp", "127.0.0.1", state.ami_port) in bound
    elsewhere = [(kind, port) for kind, address, port in bound if address != "127.0.0.1"]
    # The SIP library's name resolver asks from one port for each IP version; it serves nobody.
    assert len(elsewhere) <= 2
    assert all(kind in ("udp", "udp6") and port >= 32_768 for kind, port in elsewhere)


def sockets_of(number: int | None) -> Iterator[tuple[str, str, int]]:
    """Protocol, local address and port of every internet socket of a process."""
    own = set()
    for link in Path(f"/proc/{number}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            own.add(str(link.readlink()))
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            address, _, port = fields[1].partition(":")
            if f"socket:[{fields[9]}]" in own:
                yield table, "127.0.0.1" if address == "0100007F" else address, int(port, 16)


def test_no_secret_can_be_read_by_others(make: Make) -> None:
    settings = configured(make("home"))
    embedded.start(settings, die_with_parent=True)
    base = settings.home / "pbx"
    for path in (base, *base.rglob("*")):
        if path.suffix == ".conf" or path.name == "state.json" or path.parent == base:
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 or path.name == "lock", path


def test_running_pbx_is_adopted_with_its_ports_and_secrets(make: Make) -> None:
    settings = configured(make("home"))
    state = embedded.start(settings, die_with_parent=True)
    first = process.pid(layout.home(settings))
    assert embedded.write_config(settings, ACCOUNTS, [WORLD]) == state
    assert embedded.start(settings) == state
    assert process.pid(layout.home(settings)) == first
    embedded.stop(settings)
    assert embedded.write_config(settings, ACCOUNTS, [WORLD]).ami_secret != state.ami_secret


def test_after_a_crash_it_starts_again_where_it_was(make: Make) -> None:
    settings = configured(make("home"))
    state = embedded.start(settings, die_with_parent=True)
    with socket.create_connection(("127.0.0.1", state.ami_port)):
        number = process.pid(layout.home(settings))
        assert number
        os.kill(number, signal.SIGKILL)
        wait_for(lambda: embedded.running(settings) is None)
    assert embedded.start(settings, die_with_parent=True) == state
    assert process.pid(layout.home(settings)) not in (None, number)


def test_two_run_side_by_side(make: Make) -> None:
    one, two = configured(make("one")), configured(make("two"))
    first = embedded.start(one, die_with_parent=True)
    embedded.write_config(two, ACCOUNTS, [WORLD])  # now sees the first one's ports taken
    second = embedded.start(two, die_with_parent=True)
    assert abs(first.sip_port - second.sip_port) >= ports.BLOCK
    assert embedded.stop(one)
    assert embedded.running(two) == second


def test_dies_with_the_program_that_asked_for_it(make: Make) -> None:
    settings = configured(make("home"))
    story = (
        "import os, signal\n"
        "from callcenter import settings\n"
        "from callcenter.pbx import embedded\n"
        f"embedded.start(settings.load(home={str(settings.home)!r}), die_with_parent=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", story], cwd=PROJECT, check=False)
    assert done.returncode == -signal.SIGKILL
    wait_for(lambda: embedded.running(settings) is None)


def test_outlives_the_program_that_started_it(make: Make) -> None:
    settings = configured(make("home"))
    story = (
        "import os, signal\n"
        "from callcenter import settings\n"
        "from callcenter.pbx import embedded\n"
        f"embedded.start(settings.load(home={str(settings.home)!r}))\n"
        "os.kill(0, signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", story], cwd=PROJECT, check=False, start_new_session=True
    )
    assert done.returncode == -signal.SIGKILL
    assert embedded.command(settings, "core show channels count").startswith("0 active")


def test_a_failing_start_gives_asterisks_own_reason_and_leaves_nothing(make: Make) -> None:
    settings = configured(make("home"))
    modules = settings.home / "pbx" / "etc" / "modules.conf"
    modules.write_text("[modules]\nautoload = no\nrequire = res_no_such_thing.so\n")
    with pytest.raises(PbxProblem, match=r"ended while it was starting.*res_no_such_thing"):
        embedded.start(settings, die_with_parent=True)
    assert embedded.running(settings) is None


def test_a_path_too_long_for_a_socket(make: Make) -> None:
    settings = configured(make("x" * 60 + "/" + "y" * 60))
    embedded.start(settings, die_with_parent=True)
    assert "System uptime" in embedded.command(settings, "core show uptime")


async def test_phone_registers_with_its_password_only(make: Make) -> None:
    settings = configured(make("home"))
    state = await asyncio.to_thread(embedded.start, settings, die_with_parent=True)
    server = ("127.0.0.1", state.sip_port)
    async with await Phone.open(server=server, user="1001", password="wrong-password") as thief:
        with pytest.raises(PhoneRefused):
            await thief.register()
    async with await Phone.open(server=server, user="1001", password="first-password") as phone:
        await phone.register()
        assert "1 registered: 1001" in await asyncio.to_thread(findings, settings)


async def test_account_made_while_running_can_register(make: Make) -> None:
    settings = configured(make("home"))
    state = await asyncio.to_thread(embedded.start, settings, die_with_parent=True)
    late = embedded.SipAccount(extension="1003", secret="third-password")
    await asyncio.to_thread(embedded.reload_accounts, settings, [*ACCOUNTS, late], [WORLD])
    server = ("127.0.0.1", state.sip_port)
    async with await Phone.open(server=server, user="1003", password="third-password") as phone:
        await phone.register()


async def test_phone_that_vanishes_is_noticed_within_five_seconds(make: Make) -> None:
    settings = configured(make("home"))
    state = await asyncio.to_thread(embedded.start, settings, die_with_parent=True)
    server = ("127.0.0.1", state.sip_port)
    async with await Phone.open(server=server, user="1001", password="first-password") as phone:
        await phone.register()
        phone.answers_options = False  # as if its cable had been pulled
        await asyncio.to_thread(
            wait_for, lambda: "registered but silent: 1001" in findings(settings).lower(), 5.0
        )
        phone.answers_options = True
        await asyncio.to_thread(
            wait_for, lambda: "1 registered: 1001" in findings(settings).lower(), 5.0
        )


def findings(settings: Settings) -> str:
    return " ".join(check.sentence for check in embedded.doctor(settings))


def test_lost_state_file_is_told_and_stop_still_works(make: Make) -> None:
    settings = configured(make("home"))
    embedded.start(settings, die_with_parent=True)
    (settings.home / "pbx" / "state.json").unlink()
    with pytest.raises(PbxProblem, match="callcenter pbx stop"):
        embedded.write_config(settings, ACCOUNTS, [WORLD])
    assert embedded.stop(settings)


def test_install_has_nothing_to_do_here() -> None:
    said: list[str] = []
    packages.install(settings_module.load(), said.append)
    assert said == []


def test_start_does_not_trust_a_stranger_on_its_port(make: Make) -> None:
    settings = make("home")
    state = embedded.write_config(settings, ACCOUNTS, [WORLD])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", state.sip_port))
        with pytest.raises(PbxProblem, match="is taken by another program"):
            embedded.start(settings, die_with_parent=True)


def wait_for(true: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)
