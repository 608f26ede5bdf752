"""Looks the embedded PBX over and says in plain sentences what is well and what to do."""

import re
import socket
import stat
from collections.abc import Callable, Iterator

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.embedded import layout, ports
from callcenter.pbx.embedded.model import Check, EmbeddedState
from callcenter.pbx.embedded.process import running
from callcenter.pbx.embedded.runner import command
from callcenter.pbx.embedded.state import load_state
from callcenter.settings import Settings

_A_PIECE = "numbers/10.wav"  # one of those that spoken numbers are put together from
_SHOWN = 5  # names in one sentence


def doctor(settings: Settings) -> list[Check]:
    """Every finding, in the order in which things must be right. Changes nothing."""
    checks = [_program(settings, name) for name in layout.PROGRAMS]
    checks += [_prompts(settings), _music(settings)]
    home = layout.home(settings)
    try:
        state = load_state(home)
    except PbxProblem as problem:
        return [*checks, _bad("configuration", str(problem))]
    if state is None:
        return [*checks, _bad("configuration", "not written yet; run 'callcenter pbx config'")]
    checks.append(_file_modes(home))
    if running(settings) is None:
        return [*checks, _bad("process", "Asterisk does not run; run 'callcenter pbx start'")]
    checks += [_good("process", "Asterisk runs"), *_ports(state)]
    return [*checks, *(_ask(settings, *look) for look in _LOOKS)]


def _ask(settings: Settings, name: str, look: Callable[[Settings], Check]) -> Check:
    try:
        return look(settings)
    except (PbxProblem, OSError) as problem:
        return _bad(name, str(problem))


def _program(settings: Settings, name: str) -> Check:
    try:
        argv = layout.tool(settings, name)
    except PbxProblem as problem:
        return _bad(name, str(problem))
    where = layout.root(settings).path if len(argv) > 1 else argv[0]
    if name != "asterisk":
        return _good(name, f"found: {where}")
    major, line = layout.asterisk_version(*argv)
    if major < layout.LOWEST_ASTERISK:
        return _bad(name, f"does not run ({line}); run 'callcenter pbx install'")
    return _good(name, f"{line}, from {where}")


def _prompts(settings: Settings) -> Check:
    languages = sorted(part.parent.name for part in settings.prompts.glob("*/welcome.wav"))
    if not languages:
        return _bad("prompts", f"no audio in {settings.prompts}; run scripts/make-prompts")
    found = f"audio for {', '.join(languages)} in {settings.prompts}"
    mute = [name for name in languages if not (settings.prompts / name / _A_PIECE).is_file()]
    if mute:
        found += f"; no numbers can be read out in {', '.join(mute)}: run scripts/make-prompts"
    return _good("prompts", found)


def _music(settings: Settings) -> Check:
    folder = layout.music_dir(settings)
    if any(folder.glob("*.wav")):
        return _good("music", f"found in {folder}")
    return _bad("music", f"none in {folder}: callers would wait in silence; run make-prompts")


def _file_modes(home: layout.Home) -> Check:
    secret = [home.base, home.state, *sorted(home.etc.iterdir())]
    open_ = [str(path) for path in secret if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_:
        return _bad("file modes", f"others can read secrets: chmod go= {' '.join(open_[:_SHOWN])}")
    return _good("file modes", "only the owner can read secrets")


def _ports(state: EmbeddedState) -> Iterator[Check]:
    for name, port, kind in (
        ("SIP port", state.sip_port, socket.SOCK_DGRAM),
        ("AMI port", state.ami_port, socket.SOCK_STREAM),
    ):
        if ports.bound(port, kind):
            yield _good(name, f"open on 127.0.0.1:{port}")
        else:
            yield _bad(name, f"nobody listens on 127.0.0.1:{port}; restart the PBX")


def _modules(settings: Settings) -> Check:
    config = (layout.home(settings).etc / "modules.conf").read_text(encoding="utf-8")
    wanted = re.findall(r"^(?:require|load) *= *(\S+)", config, re.MULTILINE)
    shown = command(settings, "module show")
    loaded = {line.split()[0] for line in shown.splitlines() if "Running" in line}
    lacking = [name for name in wanted if name not in loaded]
    if lacking:
        return _bad("modules", f"not running: {', '.join(lacking[:_SHOWN])}; see the PBX's log")
    return _good("modules", f"{len(wanted)} running")


def _phones(settings: Settings) -> Check:
    shown = command(settings, "pjsip show contacts")
    known = re.findall(r"Contact:\s+([^/\s]+)/\S+\s+\S+\s+(\w+)", shown)
    silent = [name for name, status in known if status not in ("Avail", "NonQual")]
    if silent:
        return _bad("phones", f"registered but silent: {', '.join(silent[:_SHOWN])}")
    names = ", ".join(name for name, _ in known[:_SHOWN]) or "none yet"
    return _good("phones", f"{len(known)} registered: {names}")


def _log(settings: Settings) -> Check:
    file = layout.home(settings).log / "messages.log"
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    wrong = [line for line in lines if re.search(r"\] ERROR\[", line)]
    if wrong:
        return _bad("log", f"{len(wrong)} errors since the start, the last: {wrong[-1]} ({file})")
    return _good("log", f"no errors since the start ({file})")


_LOOKS: tuple[tuple[str, Callable[[Settings], Check]], ...] = (
    ("modules", _modules),
    ("phones", _phones),
    ("log", _log),
)


def _good(name: str, what: str) -> Check:
    return Check(name=name, ok=True, sentence=_sentence(what))


def _bad(name: str, what: str) -> Check:
    return Check(name=name, ok=False, sentence=_sentence(what))


def _sentence(what: str) -> str:
    return f"{what[0].upper()}{what[1:].rstrip('.')}."
