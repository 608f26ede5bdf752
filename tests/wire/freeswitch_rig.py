"""The rig of the FreeSWITCH adapter on a FreeSWITCH in memory, over real TCP."""

from datetime import UTC, datetime
from pathlib import Path

from callcenter.kernel.clock import LoopClock
from callcenter.pbx.freeswitch.node import FreeswitchLink, FreeswitchNode
from callcenter.pbx.port import Prompt
from tests.support import freeswitch
from tests.wire.rig import WireRig


class _Sounds:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def file(self, prompt: Prompt) -> str:
        return f"{self._folder / prompt}.wav"

    ring = file


class FreeswitchWireRig(WireRig):
    """See :class:`tests.contract.rig.Rig`."""

    switch: freeswitch.FakeFreeswitch

    def __init__(self, folder: Path, prompts: Path) -> None:
        self._prompts = prompts
        super().__init__(folder, freeswitch.FakeFreeswitch(prompts), freeswitch, _Sounds(prompts))

    def engine(self) -> FreeswitchNode:
        link = FreeswitchLink(
            event_host="127.0.0.1",
            event_port=self.switch.control_port,
            event_password=self.switch.password,
            call_host="127.0.0.1",
            call_port=self.switch.call_port,
            call_key=self.switch.key,
            sounds=self._prompts,
        )
        return FreeswitchNode(link, LoopClock(datetime.fromtimestamp(self.switch.now(), UTC)))
