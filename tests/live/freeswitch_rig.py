"""The rig of a real FreeSWITCH, with the same SIP phones around it as Asterisk has."""

from callcenter.kernel.clock import LoopClock
from callcenter.pbx import embedded
from callcenter.pbx.freeswitch.node import FreeswitchLink, FreeswitchNode
from tests.live.asterisk_rig import AsteriskRig


class FreeswitchRig(AsteriskRig):
    """See :class:`tests.contract.rig.Rig`."""

    pbx: FreeswitchNode  # type: ignore[assignment]

    def engine(self) -> FreeswitchNode:  # type: ignore[override]
        link = FreeswitchLink(
            event_host="127.0.0.1",
            event_port=self.state.ami_port,
            event_password=self.state.ami_secret,
            call_host="127.0.0.1",
            call_port=self.state.fastagi_port,
            call_key=self.state.fastagi_key,
            sounds=self.settings.prompts,
            lamps=embedded.lamps(self.settings),
        )
        return FreeswitchNode(link, LoopClock())

    async def channels(self) -> list[str]:
        """Every channel of the PBX by name; its list is a moment late, its count is not."""
        names = [row["name"] for row in await self.pbx._rows("channels")]
        return names or ["not listed yet"] * await self.pbx.channels()
