"""Rooms: talks and guests in one conference of FreeSWITCH, in which all hear all.

A talk stays the two channels that it is. Its link is a loopback channel: one half barges into the
talk, the other is in the conference. Used by :class:`~callcenter.pbx.freeswitch.talks.TalkControl`.
"""

from typing import Protocol

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx import checked

LINK_VARIABLES = {
    "loopback_bowout": "false",  # else the two halves vanish as soon as they can
    "loopback_bowout_on_execute": "false",
    "eavesdrop_enable_dtmf": "false",
    "eavesdrop_whisper_aleg": "true",
    "eavesdrop_whisper_bleg": "true",
}
NEEDED = ("mod_conference", "mod_loopback")
"""Modules that rooms need, and nothing else of ours does."""


def link(room: str) -> str:
    """What is rung to bring a talk into a room.

    Raises:
        PbxProblem: no name of a room.
    """
    return f"loopback/cc-room-{checked.room(room)}/cc"


def guest(room: str) -> str:
    """What a phone that answers does to be in a room; raises as :func:`link`."""
    return f"&conference({checked.room(room)}@cc)"


class Asked(Protocol):
    """What answers API commands: :class:`~callcenter.pbx.freeswitch.servers.EventLink`."""

    async def api(self, *words: str) -> str:
        """Run one; its answer."""


class RoomModules:
    """Whether a FreeSWITCH has what rooms need; asked once, unless it has not."""

    def __init__(self, eye: Asked) -> None:
        self._eye = eye
        self._there = False

    async def require(self) -> None:
        """Look.

        Raises:
            PbxProblem: it was built or installed without one of them.
        """
        for module in () if self._there else NEEDED:
            if (await self._eye.api("module_exists", module)).strip() != "true":
                raise PbxProblem(
                    f"This FreeSWITCH has no {module}, and conferences of several calls need it: "
                    "install it from where FreeSWITCH came from."
                )
        self._there = True
