"""Starts, adopts and stops the embedded Asterisk."""

import socket
import subprocess
import time
from collections.abc import Sequence

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.embedded import layout, ports
from callcenter.pbx.embedded.booted import wait_booted
from callcenter.pbx.embedded.config import write_config, write_rings
from callcenter.pbx.embedded.model import EmbeddedState, SipAccount, SipTrunk
from callcenter.pbx.embedded.process import end, pid, running, serial, spawn
from callcenter.pbx.embedded.state import load_state
from callcenter.settings import Settings

BOOT_SECONDS = 30.0
STOP_SECONDS = 8.0
_LET_GO_SECONDS = 1.0  # the last threads of a PBX that was killed a moment ago


def start(settings: Settings, *, die_with_parent: bool = False) -> EmbeddedState:
    """Have the PBX running: adopt it, or start it and wait until it is fully booted.

    Raises:
        PbxProblem: not configured, a port is taken, or it did not come up; with its own last error.
    """
    home = layout.home(settings)
    state = load_state(home)
    if state is None:
        raise PbxProblem("The PBX is not configured yet; run 'callcenter pbx config' first.")
    deadline = time.monotonic() + BOOT_SECONDS
    with serial(home):
        if pid(home):
            wait_booted(state, deadline, lambda: pid(home) is not None)
            return state
        _require_ports(state)
        _set_old_logs_aside(home)
        argv = [*layout.tool(settings, "asterisk"), "-C", str(home.config), "-f"]
        process = spawn(argv, home.log / "console.log", die_with_parent=die_with_parent)
        try:
            wait_booted(state, deadline, lambda: process.poll() is None)
            _require_sip(state)
        except PbxProblem as problem:
            end(process.pid, patience=1.0)
            raise PbxProblem(f"{problem}{_last_error(home)}") from None
        except BaseException:
            end(process.pid, patience=1.0)
            raise
        finally:
            ports.release(state.sip_port)
    return state


def stop(settings: Settings) -> bool:
    """End the PBX and every call in it; ``False`` when it did not run."""
    home = layout.home(settings)
    if not pid(home):
        return False
    with serial(home):
        number = pid(home)  # another stop may have been first
        if number:
            end(number, patience=STOP_SECONDS)
    return number is not None


def command(settings: Settings, line: str) -> str:
    """What the running PBX answers to a line of its console."""
    if running(settings) is None:
        raise PbxProblem("The PBX does not run; start it with 'callcenter pbx start'.")
    home = layout.home(settings)
    argv = [*layout.tool(settings, "asterisk"), "-C", str(home.config), "-rx", line]
    try:
        answer = subprocess.run(  # noqa: S603
            argv, capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise PbxProblem(f"The PBX's console does not answer ({error}); see {home.log}.") from None
    return answer.stdout


def reload_accounts(
    settings: Settings, accounts: Sequence[SipAccount], trunks: Sequence[SipTrunk]
) -> EmbeddedState:
    """Rewrite the configuration; a running PBX takes over phones, trunks and colour rings."""
    state = write_config(settings, accounts, trunks)
    if running(settings):
        command(settings, "module reload res_pjsip.so")
        command(settings, "moh reload")
    return state


def reload_rings(settings: Settings) -> None:
    """Let a running PBX take over the prompts there are now as colour rings."""
    if running(settings):
        write_rings(settings)
        command(settings, "moh reload")


def _require_ports(state: EmbeddedState) -> None:
    patience = time.monotonic() + _LET_GO_SECONDS
    for port, kind, use in (
        (state.sip_port, socket.SOCK_DGRAM, "UDP"),
        (state.ami_port, socket.SOCK_STREAM, "TCP"),
    ):
        while ports.bound(port, kind):
            if time.monotonic() > patience:
                raise PbxProblem(
                    f"{use} port {port} of 127.0.0.1 is taken by another program; "
                    "run 'callcenter pbx config' to choose others."
                )
            time.sleep(0.02)


def _require_sip(state: EmbeddedState) -> None:
    if not ports.bound(state.sip_port, socket.SOCK_DGRAM):
        raise PbxProblem("Asterisk came up but without SIP.")


def _set_old_logs_aside(home: layout.Home) -> None:
    for name in ("messages.log", "console.log"):
        if (home.log / name).exists():
            (home.log / name).replace(home.log / f"{name}.1")


def _last_error(home: layout.Home) -> str:
    for name in ("messages.log", "console.log"):
        try:
            lines = (home.log / name).read_text(errors="replace").splitlines()
        except OSError:
            continue
        wrong = [line for line in lines if "ERROR" in line or "error" in line]
        if wrong or (name == "console.log" and lines):
            telling = wrong[0] if wrong else lines[-1]
            return f" Its log says: {telling.strip()} (all of it: {home.log})"
    return f" Its log is empty ({home.log})."
