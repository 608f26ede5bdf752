"""Looks the embedded PBX over and says in plain sentences what is well and what to do.

What is about FreeSWITCH alone stands in :mod:`freeswitch_doctor`.
"""

import re
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.embedded import freeswitch_doctor, layout, ports
from callcenter.pbx.embedded.either import running
from callcenter.pbx.embedded.finding import SHOWN, bad, good, look_into
from callcenter.pbx.embedded.model import Check, EmbeddedState
from callcenter.pbx.embedded.runner import command
from callcenter.pbx.embedded.state import load_state
from callcenter.settings import Settings

_A_PIECE = "numbers/10.wav"  # one of those that spoken numbers are put together from


def doctor(settings: Settings) -> list[Check]:
    """Every finding, in the order in which things must be right. Changes nothing."""
    ours = _FREESWITCH if settings.pbx == "freeswitch" else _ASTERISK
    checks = ours.programs(settings)
    checks += [_prompts(settings), _music(settings)]
    home = layout.home(settings)
    try:
        state = load_state(home)
    except PbxProblem as problem:
        return [*checks, bad("configuration", str(problem))]
    if state is None:
        return [*checks, bad("configuration", "not written yet; run 'callcenter pbx config'")]
    checks.append(_file_modes(home))
    if running(settings) is None:
        return [*checks, bad("process", f"{ours.name} does not run; run 'callcenter pbx start'")]
    checks += [good("process", f"{ours.name} runs"), *_ports(state, ours.control)]
    return [*checks, *(_ask(settings, *look) for look in ours.looks)]


Look = tuple[str, Callable[[Settings], Check]]


@dataclass(frozen=True, kw_only=True)
class _Pbx:
    """What differs: its name, that of its control port, what is looked for and asked of it."""

    name: str
    control: str
    programs: Callable[[Settings], list[Check]]
    looks: tuple[Look, ...]


def _ask(settings: Settings, name: str, look: Callable[[Settings], Check]) -> Check:
    try:
        return look(settings)
    except (PbxProblem, OSError) as problem:
        return bad(name, str(problem))


def _programs(settings: Settings) -> list[Check]:
    return [_program(settings, name) for name in layout.PROGRAMS]


def _program(settings: Settings, name: str) -> Check:
    try:
        argv = layout.tool(settings, name)
    except PbxProblem as problem:
        return bad(name, str(problem))
    where = layout.root(settings).path if len(argv) > 1 else argv[0]
    if name != "asterisk":
        return good(name, f"found: {where}")
    major, line = layout.asterisk_version(*argv)
    if major < layout.LOWEST_ASTERISK:
        return bad(name, f"does not run ({line}); run 'callcenter pbx install'")
    return good(name, f"{line}, from {where}")


def _prompts(settings: Settings) -> Check:
    languages = sorted(part.parent.name for part in settings.prompts.glob("*/welcome.wav"))
    if not languages:
        return bad("prompts", f"no audio in {settings.prompts}; run scripts/make-prompts")
    found = f"audio for {', '.join(languages)} in {settings.prompts}"
    mute = [name for name in languages if not (settings.prompts / name / _A_PIECE).is_file()]
    if mute:
        found += f"; no numbers can be read out in {', '.join(mute)}: run scripts/make-prompts"
    return good("prompts", found)


def _music(settings: Settings) -> Check:
    folder = layout.music_dir(settings)
    if any(folder.glob("*.wav")):
        return good("music", f"found in {folder}")
    return bad("music", f"none in {folder}: callers would wait in silence; run make-prompts")


def _file_modes(home: layout.Home) -> Check:
    secret = [home.base, home.state, *sorted(home.etc.iterdir())]
    open_ = [str(path) for path in secret if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_:
        return bad("file modes", f"others can read secrets: chmod go= {' '.join(open_[:SHOWN])}")
    return good("file modes", "only the owner can read secrets")


def _ports(state: EmbeddedState, control: str) -> Iterator[Check]:
    for name, port, kind in (
        ("SIP port", state.sip_port, socket.SOCK_DGRAM),
        (control, state.ami_port, socket.SOCK_STREAM),
    ):
        if ports.bound(port, kind):
            yield good(name, f"open on 127.0.0.1:{port}")
        else:
            yield bad(name, f"nobody listens on 127.0.0.1:{port}; restart the PBX")


def _modules(settings: Settings) -> Check:
    config = (layout.home(settings).etc / "modules.conf").read_text(encoding="utf-8")
    wanted = re.findall(r"^(?:require|load) *= *(\S+)", config, re.MULTILINE)
    shown = command(settings, "module show")
    loaded = {line.split()[0] for line in shown.splitlines() if "Running" in line}
    lacking = [name for name in wanted if name not in loaded]
    if lacking:
        return bad("modules", f"not running: {', '.join(lacking[:SHOWN])}; see the PBX's log")
    return good("modules", f"{len(wanted)} running")


def _phones(settings: Settings) -> Check:
    shown = command(settings, "pjsip show contacts")
    known = re.findall(r"Contact:\s+([^/\s]+)/\S+\s+\S+\s+(\w+)", shown)
    silent = [name for name, status in known if status not in ("Avail", "NonQual")]
    if silent:
        return bad("phones", f"registered but silent: {', '.join(silent[:SHOWN])}")
    names = ", ".join(name for name, _ in known[:SHOWN]) or "none yet"
    return good("phones", f"{len(known)} registered: {names}")


def _log(settings: Settings) -> Check:
    return look_into(layout.home(settings).log / "messages.log", r"\] ERROR\[")


_ASTERISK = _Pbx(
    name="Asterisk",
    control="AMI port",
    programs=_programs,
    looks=(("modules", _modules), ("phones", _phones), ("log", _log)),
)
_FREESWITCH = _Pbx(
    name="FreeSWITCH",
    control="event socket",
    programs=lambda settings: [freeswitch_doctor.program(settings)],
    looks=(
        ("modules", freeswitch_doctor.modules),
        ("phones", freeswitch_doctor.phones),
        ("log", freeswitch_doctor.log),
    ),
)
