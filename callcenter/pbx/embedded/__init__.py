"""A PBX of our own: fetched (Asterisk) or found (FreeSWITCH), configured, started, adopted and
stopped without root.

Whoever wires the engine uses these functions; they block, so an event loop calls them in a thread.
The engine then talks to this PBX as to any other, with the ports of :class:`EmbeddedState`.
"""

from callcenter.pbx.embedded.doctor import doctor
from callcenter.pbx.embedded.either import (
    lacks,
    reload_accounts,
    reload_rings,
    running,
    start,
    stop,
    write_config,
)
from callcenter.pbx.embedded.freeswitch import lamps
from callcenter.pbx.embedded.layout import data_dir, music_dir, tool
from callcenter.pbx.embedded.model import Check, EmbeddedState, SipAccount, SipTrunk
from callcenter.pbx.embedded.packages import install
from callcenter.pbx.embedded.runner import command

__all__ = [
    "Check",
    "EmbeddedState",
    "SipAccount",
    "SipTrunk",
    "command",
    "data_dir",
    "doctor",
    "install",
    "lacks",
    "lamps",
    "music_dir",
    "reload_accounts",
    "reload_rings",
    "running",
    "start",
    "stop",
    "tool",
    "write_config",
]
