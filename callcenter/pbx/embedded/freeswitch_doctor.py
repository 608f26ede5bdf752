"""What is looked at where the embedded PBX is a FreeSWITCH."""

import json
import re
import subprocess

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.embedded import freeswitch, layout
from callcenter.pbx.embedded.finding import SHOWN, bad, good, look_into
from callcenter.pbx.embedded.model import Check, EmbeddedState
from callcenter.pbx.embedded.state import load_state
from callcenter.settings import Settings

LOWEST = (1, 10)
_PATIENCE = 10.0  # seconds


def program(settings: Settings) -> Check:
    """Whether there is one, of which version."""
    found = freeswitch.find(settings)
    if found is None:
        return bad("freeswitch", "there is none; install it from its maker's packages")
    try:
        words = [str(found), "-version"]
        said = subprocess.run(  # noqa: S603 - a program that the settings name
            words, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return bad("freeswitch", f"{found} does not run: {error}")
    line = next(iter(said.stdout.splitlines()), "")
    version = re.search(r"(\d+)\.(\d+)", line)
    if version is None or (int(version[1]), int(version[2])) < LOWEST:
        return bad("freeswitch", f"{found} is {line or 'of no known version'}; 1.10 is needed")
    return good("freeswitch", f"{line}, from {found}")


def modules(settings: Settings) -> Check:
    """Whether those of the configuration run."""
    config = (layout.home(settings).etc / "freeswitch.xml").read_text(encoding="utf-8")
    wanted = re.findall(r'<load module="(mod_[a-z0-9_]+)"/>', config)
    state = _state(settings)
    there = [name for name in wanted if freeswitch.says(state, f"module_exists {name}", b"true")]
    lacking = [name for name in wanted if name not in there] + freeswitch.lacks(settings)
    if lacking:
        return bad("modules", f"not running: {', '.join(lacking[:SHOWN])}")
    return good("modules", f"{len(wanted)} running")


def phones(settings: Settings) -> Check:
    """Who is registered."""
    said = freeswitch.answer(_state(settings), "show registrations as json").decode()
    rows = json.loads(said[said.index("{") : said.rindex("}") + 1]).get("rows", [])
    known = sorted({str(row["reg_user"]) for row in rows})
    return good("phones", f"{len(known)} registered: {', '.join(known[:SHOWN]) or 'none yet'}")


def log(settings: Settings) -> Check:
    """Whether it has errors."""
    return look_into(layout.home(settings).log / "freeswitch.log", r"\[(ERR|CRIT)\]")


def _state(settings: Settings) -> EmbeddedState:
    state = load_state(layout.home(settings))
    if state is None:
        raise PbxProblem("the PBX is not configured yet; run 'callcenter pbx config'")
    return state
