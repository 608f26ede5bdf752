"""How an Asterisk and its trunks are, asked over AMI.

The state of a trunk is that of the endpoint ``trunk-watch_NAME`` where there is one (the embedded
Asterisk has it), else that of the trunk's own contact, if it has ``qualify_frequency``.
"""

import re
from datetime import timedelta

from panoramisk.message import Message

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.asterisk.ami import ActionRefused, AmiLink
from callcenter.pbx.checked import TRUNK_PREFIX
from callcenter.pbx.port import TrunkSeen, TrunkState

_NAME = re.compile(r"[0-9A-Za-z-]{1,31}")
_STATES = {"reachable": TrunkState.REACHABLE, "unreachable": TrunkState.UNREACHABLE}


async def ask_trunk(ami: AmiLink, name: str) -> TrunkSeen:
    """What Asterisk knows of a trunk."""
    if not _NAME.fullmatch(name):
        raise PbxProblem(f"{name!r} cannot be the name of a trunk.")
    for endpoint in (f"{TRUNK_PREFIX}watch_{name}", TRUNK_PREFIX + name):
        try:
            rows = await ami.ask_list({"Action": "PJSIPShowEndpoint", "Endpoint": endpoint})
        except ActionRefused:  # there is none
            continue
        seen = [trunk_seen(row) for row in rows if row.event == "ContactStatusDetail"]
        known = [one for one in seen if one.state is not TrunkState.UNKNOWN]
        if known:
            return known[0]
    return TrunkSeen()


async def ask_channels(ami: AmiLink) -> int:
    """How many channels there are, Local ones included."""
    answer = await ami.ask({"Action": "CoreStatus"})
    count = str(answer.get("CoreCurrentCalls", ""))
    return int(count) if count.isdecimal() else 0


def trunk_seen(row: Message) -> TrunkSeen:
    """A row ``ContactStatusDetail``; the round trip is microseconds there."""
    state = _STATES.get(str(row.status).lower(), TrunkState.UNKNOWN)
    took = str(row.roundtripusec)
    if state is not TrunkState.REACHABLE or not took.isdecimal():
        return TrunkSeen(state=state)
    return TrunkSeen(state=state, round_trip=timedelta(microseconds=int(took)))
