"""Who listens to whom by ``eavesdrop``, as what, and what the keys of their phones do. Pure.

``eavesdrop`` switches by keys itself, whoever sends them: 0 nobody hears the listener, 1 (its
"aleg") the other side of the leg listened to, 2 that leg, 3 both. The keys of the port are others:
they are translated, and what a phone switched by a key of its own is switched back.
"""

from dataclasses import dataclass

from callcenter.pbx.port import EavesdropMode

KEYS = {EavesdropMode.MONITOR: "0", EavesdropMode.WHISPER: "2", EavesdropMode.BARGE: "3"}
_SWITCHES = "0123"
_OURS = {"4": EavesdropMode.MONITOR, "5": EavesdropMode.WHISPER, "6": EavesdropMode.BARGE}


@dataclass(kw_only=True)
class _Listener:
    spied: str
    mode: EavesdropMode


def begins_as(mode: EavesdropMode) -> dict[str, str]:
    """Variables of a channel that is to listen so."""
    return {
        "eavesdrop_enable_dtmf": "true",
        "eavesdrop_whisper_aleg": str(mode is EavesdropMode.BARGE).lower(),
        "eavesdrop_whisper_bleg": str(mode is not EavesdropMode.MONITOR).lower(),
    }


class Listeners:
    """Of one node, by FreeSWITCH's names of channels."""

    def __init__(self) -> None:
        self._all: dict[str, _Listener] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._all

    def add(self, name: str, spied: str, mode: EavesdropMode) -> None:
        """It listens, or rings in order to."""
        self._all[name] = _Listener(spied=spied, mode=mode)

    def drop(self, name: str) -> None:
        """It does not."""
        self._all.pop(name, None)

    def freed_by(self, spied: str) -> list[str]:
        """Whoever listened to a channel that has gone; they are dropped."""
        freed = [name for name, one in self._all.items() if one.spied == spied]
        for name in freed:
            del self._all[name]
        return freed

    def switch(self, name: str, mode: EavesdropMode) -> str:
        """The key that has it listen so from now on."""
        if name in self._all:
            self._all[name].mode = mode
        return KEYS[mode]

    def pressed(self, name: str, key: str) -> str:
        """What must be sent after a key was heard from it; ``""``: nothing."""
        if name not in self._all:
            return ""
        if key in _OURS:
            return self.switch(name, _OURS[key])
        right = KEYS[self._all[name].mode]
        return right if key in _SWITCHES and key != right else ""
