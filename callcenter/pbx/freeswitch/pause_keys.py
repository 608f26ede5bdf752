"""``*1`` and ``*2`` on a telephone of ours: pause the recording of its talk, resume it.

FreeSWITCH tells every key; the other side hears them. Whether there is a talk to pause is not known
here. Used by the node.
"""

from callcenter.pbx.freeswitch import events
from callcenter.pbx.freeswitch.devices import Devices
from callcenter.pbx.freeswitch.esl_wire import EslEvent
from callcenter.pbx.freeswitch.legs import Legs
from callcenter.pbx.port import PauseKey

_ACTS = {"*1": True, "*2": False}


class PauseKeys:
    """Of one node; ``devices`` know which channels are phones', ``legs`` whose call it is."""

    def __init__(self, node: str, devices: Devices, legs: Legs) -> None:
        self._node, self._devices, self._legs = node, devices, legs
        self._before: dict[str, str] = {}  # the last key, by channel

    def heard(self, event: EslEvent) -> PauseKey | None:
        """What a key that was pressed means, with the one before it."""
        name = event.get("Unique-ID")
        if event.name == "CHANNEL_HANGUP_COMPLETE":
            self._before.pop(name, None)
        if event.name != "DTMF" or not self._devices.has(name):
            return None
        keys = self._before.get(name, "") + event.get("DTMF-Digit")
        self._before[name] = keys[-1:]
        if keys not in _ACTS:
            return None
        call = self._legs.call_of(name)
        return PauseKey(leg=events.leg_of(event, self._node), call=call, pause=_ACTS[keys])
