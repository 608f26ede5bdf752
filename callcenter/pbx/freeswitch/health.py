"""How a FreeSWITCH and its trunks are."""

import re
from datetime import timedelta

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.checked import TRUNK_PREFIX
from callcenter.pbx.freeswitch.servers import EventLink
from callcenter.pbx.port import TrunkSeen, TrunkState

_NAME = re.compile(r"[0-9A-Za-z-]{1,31}")
_STATUS = re.compile(r"^Status\s+(\S+)(?: \(ping\))?", re.MULTILINE)
_TOOK = re.compile(r"^PingTime\s+([0-9.]+)", re.MULTILINE)
_SESSIONS = re.compile(r"([0-9]+) session\(s\) - peak")
_STATES = {"UP": TrunkState.REACHABLE, "DOWN": TrunkState.UNREACHABLE}


async def ask_trunk(link: EventLink, name: str) -> TrunkSeen:
    """What FreeSWITCH knows of a trunk's other end, which it asks every few seconds."""
    if not _NAME.fullmatch(name):
        raise PbxProblem(f"{name!r} cannot be the name of a trunk.")
    told = await link.api("sofia", "status", "gateway", f"{TRUNK_PREFIX}watch_{name}")
    status, took = _STATUS.search(told), _TOOK.search(told)
    state = _STATES.get(status.group(1), TrunkState.UNKNOWN) if status else TrunkState.UNKNOWN
    if state is not TrunkState.REACHABLE:
        return TrunkSeen(state=state)
    milliseconds = float(took.group(1)) if took else 0.0
    if not milliseconds:  # before the first answer a trunk is "UP" too
        return TrunkSeen()
    return TrunkSeen(state=state, round_trip=timedelta(milliseconds=milliseconds))


async def ask_channels(link: EventLink) -> int:
    """How many channels there are."""
    found = _SESSIONS.search(await link.api("status"))  # its list of channels is a moment late
    return int(found.group(1)) if found else 0
