"""A FreeSWITCH of our own: found on this machine, configured out of ``dialplans/freeswitch``, run.

Nothing is fetched: its maker's packages, or whoever built it, bring it. Ports, secrets and folders
are those of the embedded PBX: AMI's are the event socket's here, FastAGI's those of the calls.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from xml.sax.saxutils import quoteattr

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.embedded import freeswitch_modules as modules
from callcenter.pbx.embedded import layout, ports, templates
from callcenter.pbx.embedded.model import EmbeddedState, SipAccount, SipTrunk
from callcenter.pbx.embedded.process import end, serial, spawn
from callcenter.pbx.embedded.state import load_state
from callcenter.settings import PROJECT, Settings

TEMPLATES = PROJECT / "dialplans" / "freeswitch"
BOOT_SECONDS = 30.0
STOP_SECONDS = 8.0
_TURNS = 10_000  # of the music, before it pauses for a second: some days
_RETRY_SECONDS = 0.05  # there is no event for "the port is open now"
_GATEWAY = re.compile(r'<gateway name="([^"]+)">.*?</gateway>', re.DOTALL)


def find(settings: Settings) -> Path | None:
    """The program: setting ``freeswitch`` (a program, or the folder it was installed to), PATH."""
    if settings.freeswitch:
        given = settings.freeswitch
        places = [given, given / "bin" / "freeswitch", given / "freeswitch"]
    else:
        found = shutil.which("freeswitch") or "/usr/bin/freeswitch"
        places = [Path(found), Path("/usr/local/freeswitch/bin/freeswitch")]
    return next((each for each in places if each.is_file() and os.access(each, os.X_OK)), None)


def write_config(
    settings: Settings, accounts: Sequence[SipAccount], trunks: Sequence[SipTrunk]
) -> EmbeddedState:
    """Write every file FreeSWITCH reads, and the state beside them.

    Raises:
        PbxProblem: no free ports, or a folder cannot be written.
    """
    home = layout.home(settings)
    try:
        home.make()
        with serial(home):
            state = (load_state(home) if pid(settings) else None) or ports.new_state()
            _write_files(settings, state, accounts, trunks)
            templates.write(home.state, json.dumps(asdict(state), indent=2) + "\n")
    except OSError as error:
        raise PbxProblem(f"The PBX's folder {home.base} cannot be written: {error}.") from None
    return state


def lacks(settings: Settings) -> list[str]:
    """What the FreeSWITCH of this machine cannot do for want of a module: a sentence each.

    Raises:
        PbxProblem: it lacks one without which no call can be taken.
    """
    program = find(settings)
    if program is None:
        return []
    return modules.lacks(program, (TEMPLATES / "freeswitch.xml").read_text())


def start(settings: Settings, *, die_with_parent: bool = False) -> EmbeddedState:
    """Have it running: adopt it, or start it and wait until its event socket takes a log-in.

    Raises:
        PbxProblem: none on this machine, not configured, or it did not come up.
    """
    home = layout.home(settings)
    program = find(settings)
    if program is None:
        raise PbxProblem(
            "There is no FreeSWITCH on this machine: install it from its maker's packages, or set "
            "CALLCENTER_FREESWITCH to the folder where it is."
        )
    state = load_state(home)
    if state is None:
        raise PbxProblem("The PBX is not configured yet; run 'callcenter pbx config' first.")
    with serial(home):
        if pid(settings):
            return state
        argv = [str(program), "-nonat", "-nf", "-nc", *_folders(home, program)]
        process = spawn(argv, home.log / "console.log", die_with_parent=die_with_parent)
        try:
            _wait_booted(state, lambda: process.poll() is None)
        except BaseException:
            end(process.pid, patience=1.0)
            raise
        finally:
            ports.release(state.sip_port)
    return state


def stop(settings: Settings) -> bool:
    """End it and every call in it; ``False`` when it did not run."""
    home = layout.home(settings)
    if not pid(settings):
        return False
    with serial(home):
        number = pid(settings)
        if number:
            end(number, patience=STOP_SECONDS)
    return number is not None


def running(settings: Settings) -> EmbeddedState | None:
    """The state when its process lives."""
    return load_state(layout.home(settings)) if pid(settings) else None


def reload_accounts(
    settings: Settings, accounts: Sequence[SipAccount], trunks: Sequence[SipTrunk]
) -> EmbeddedState:
    """Rewrite the configuration; a running one takes over phones and trunks."""
    before = _gateways(layout.home(settings))
    state = write_config(settings, accounts, trunks)
    after = _gateways(layout.home(settings))
    if pid(settings):
        # A gateway that it has, it keeps as it was: a changed one goes first.
        for name in (name for name, text in before.items() if after.get(name) != text):
            says(state, f"sofia profile cc killgw {name}", b"OK")
        for command in ("reloadxml", "reloadacl", "sofia profile cc rescan"):
            says(state, command, b"OK")
    return state


def lamps(settings: Settings) -> Path:
    """The database in which the message lamps are kept; see ``pbx/freeswitch/lamps.py``."""
    return layout.home(settings).lib / "lamps.db"


def pid(settings: Settings) -> int | None:
    """Its process; a pid that meanwhile belongs to another program does not count."""
    home = layout.home(settings)
    try:
        number = int((home.run / "freeswitch.pid").read_text())
        arguments = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
        status = Path(f"/proc/{number}/stat").read_text()
    except (OSError, ValueError):
        return None
    ended = status.rpartition(")")[2].split()[0] in "ZX"
    return number if os.fsencode(home.etc) in arguments and not ended else None


def _folders(home: layout.Home, program: Path) -> list[str]:
    words = ["-conf", home.etc, "-log", home.log, "-run", home.run, "-db", home.lib]
    if (folder := modules.folder_of(program)) is not None:
        words += ["-mod", folder]
    return [str(word) for word in words]


def _write_files(
    settings: Settings,
    state: EmbeddedState,
    accounts: Sequence[SipAccount],
    trunks: Sequence[SipTrunk],
) -> None:
    home, program = layout.home(settings), find(settings)
    values: dict[str, object] = {
        "sip_port": state.sip_port,
        "event_port": state.ami_port,
        "event_password": state.ami_secret,
        "call_port": state.fastagi_port,
        "call_key": state.fastagi_key,
        "rtp_low": state.rtp_start,
        "rtp_high": state.rtp_end,
        "log": home.log,
        "db": home.lib,
        "music": _music(settings),
        "prompts": settings.prompts,
    }
    for template in sorted(TEMPLATES.glob("*.xml")):
        text = template.read_text()
        if program is not None:
            text = modules.without_missing(program, text)
        text = templates.fill(text, values, where=template.name)
        templates.write(home.etc / template.name, text)
    templates.write(home.etc / "accounts.xml", "\n".join(map(_account, accounts)) + "\n")
    templates.write(home.etc / "trunks.xml", "\n".join(map(_gateway, trunks)) + "\n")
    templates.write(home.etc / "trunks-acl.xml", "\n".join(map(_acl, trunks)) + "\n")
    templates.write(home.etc / "trunks-dialplan.xml", "\n".join(map(_way_in, trunks)) + "\n")


def _music(settings: Settings) -> Path:
    """A folder with one list of what waiting callers hear, over and over.

    FreeSWITCH is silent for a second each time when it has come to the end of a folder.
    """
    folder = layout.home(settings).etc / "music"
    folder.mkdir(mode=0o700, exist_ok=True)
    pieces = sorted(layout.music_dir(settings).glob("*.wav"))
    templates.write(folder / "default.loc", "".join(f"{piece}\n" for piece in pieces) * _TURNS)
    return folder


def _account(account: SipAccount) -> str:
    number = quoteattr(account.extension)
    return f"""\
<user id={number}>
  <params><param name="password" value={quoteattr(account.secret)}/></params>
  <variables>
    <variable name="user_context" value="cc-extensions"/>
    <variable name="cc_endpoint" value={number} direction="inbound"/>
    <variable name="cc_extension" value={number}/>
    <variable name="accountcode" value={number}/>
    <variable name="effective_caller_id_number" value={number} direction="inbound"/>
  </variables>
</user>"""


def _gateways(home: layout.Home) -> dict[str, str]:
    """Those in the configuration, as they are written there."""
    try:
        text = (home.etc / "trunks.xml").read_text()
    except OSError:
        return {}
    return {found[1]: found[0] for found in _GATEWAY.finditer(text)}


def _gateway(trunk: SipTrunk) -> str:
    if not trunk.contact:
        return ""
    # Two of each: calls are tried whatever the one that is asked (OPTIONS) seems to be.
    return "\n".join(
        f"""\
<gateway name="trunk-{name}">
  <param name="proxy" value={quoteattr(trunk.contact)}/>
  <param name="realm" value={quoteattr(trunk.contact)}/>
  <param name="register" value="false"/>
  <param name="caller-id-in-from" value="true"/>
  {asked}
</gateway>"""
        for name, asked in (
            (trunk.name, ""),
            (
                f"watch_{trunk.name}",
                '<param name="ping" value="5"/><param name="ping-max" value="1"/>',
            ),
        )
    )


def _acl(trunk: SipTrunk) -> str:
    return f'<node type="allow" cidr="{_network(trunk)}"/>'


def _network(trunk: SipTrunk) -> str:
    return trunk.match if "/" in trunk.match else f"{trunk.match}/32"


def _way_in(trunk: SipTrunk) -> str:
    named = f"cc_endpoint=trunk-{trunk.name}|accountcode=trunk-{trunk.name}"
    return f"""\
<extension name="trunk-{trunk.name}" continue="true">
  <condition field="${{acl(${{network_addr}} {_network(trunk)})}}" expression="^true$">
    <action application="multiset" data="^^|{named}" inline="true"/>
  </condition>
</extension>"""


def _wait_booted(state: EmbeddedState, alive: Callable[[], bool]) -> None:
    """Until the event socket takes our password and says that the SIP profile is there."""
    deadline = time.monotonic() + BOOT_SECONDS
    while alive():
        if time.monotonic() > deadline:
            raise PbxProblem("FreeSWITCH did not become ready in time; see its log.")
        with contextlib.suppress(OSError):
            if _profile_runs(state):
                return
        time.sleep(_RETRY_SECONDS)
    raise PbxProblem("FreeSWITCH ended while it was starting; see its log.")


def _profile_runs(state: EmbeddedState) -> bool:
    return says(state, "sofia status profile cc", b"Challenge Realm")


def says(state: EmbeddedState, command: str, wanted: bytes) -> bool:
    """Whether the answer to an API command holds what is wanted."""
    return wanted in answer(state, command)


def answer(state: EmbeddedState, command: str) -> bytes:
    """What it says to an API command, from the headers of the answer on.

    Raises:
        OSError: nobody listens, or not in time.
    """
    with socket.create_connection(("127.0.0.1", state.ami_port), timeout=5) as link:
        link.sendall(f"auth {state.ami_secret}\n\napi {command}\n\nexit\n\n".encode())
        heard = b""
        while part := link.recv(8192):
            heard += part
    return heard.partition(b"api/response")[2]
