"""The adapter to FreeSWITCH: a socket per channel, the event socket for all else."""

from callcenter.pbx.freeswitch.node import FreeswitchLink, FreeswitchNode

__all__ = ["FreeswitchLink", "FreeswitchNode"]
