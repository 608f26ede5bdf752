"""The rig of the Asterisk adapter on an Asterisk in memory, over real TCP."""

from datetime import UTC, datetime
from pathlib import Path

from callcenter.kernel.clock import LoopClock
from callcenter.pbx.asterisk import AsteriskLink, AsteriskNode
from callcenter.pbx.port import Prompt, colour_ring
from tests.support import asterisk
from tests.wire.rig import WireRig


class _Sounds:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def file(self, prompt: Prompt) -> str:
        return str(self._folder / prompt)

    def ring(self, prompt: Prompt) -> str:
        return f"music:{colour_ring(prompt)}"


class AsteriskWireRig(WireRig):
    """See :class:`tests.contract.rig.Rig`."""

    switch: asterisk.FakeAsterisk

    def __init__(self, folder: Path, prompts: Path) -> None:
        self._prompts = prompts
        super().__init__(folder, asterisk.FakeAsterisk(prompts), asterisk, _Sounds(prompts))

    def engine(self) -> AsteriskNode:
        link = AsteriskLink(
            ami_host="127.0.0.1",
            ami_port=self.switch.control_port,
            ami_user=self.switch.user,
            ami_secret=self.switch.secret,
            fastagi_host="127.0.0.1",
            fastagi_port=self.switch.call_port,
            fastagi_key=self.switch.key,
            sounds=self._prompts,
        )
        return AsteriskNode(link, LoopClock(datetime.fromtimestamp(self.switch.now(), UTC)))
