"""A phone picks up what rings elsewhere (docs/decisions/0085): base of :class:`FreeswitchChannel`.

The caller leaves its bridge, whose phones fall silent, for ``cc-picked`` in the dialplan. That
sends the channel of the phone to ``cc-pick``: it hears what a phone that rang would hear, and the
two are bridged. From one command on FreeSWITCH does all of it, with or without us.
"""

from callcenter.pbx.causes import Cause
from callcenter.pbx.checked import local_name
from callcenter.pbx.freeswitch.dialstring import apart
from callcenter.pbx.freeswitch.script import Taken
from callcenter.pbx.freeswitch.speaking import Speaking
from callcenter.pbx.port import Dial, Ended, LegId

DIALLED_NOW = "~"
"""Ends the ``presence_data`` of a channel that came in by itself and is a dialled leg now."""


class PickingUp(Speaking):
    """A channel whose phone may take the place of another, and whose dial may be taken so."""

    _call: str
    _offered: Dial | None = None

    def taken(self) -> Taken | None:
        """What is taken when a phone that it rings is picked up elsewhere."""
        if self._offered is None or not self.is_dialling:
            return None
        return Taken(owner=self.arrival.leg, call=self._call, dial=self._offered)

    async def pick_up(self, leg: LegId) -> bool:
        """See the port. This channel is the leg of the caller's talk from then on."""
        local_name(leg, self._node)
        taken = self._switch.rings_for(leg)
        if taken is None:
            return False
        owner = local_name(taken.owner, self._node)
        await self._variables(**self._as_leg(taken, owner))
        await self._api("uuid_setvar", owner, "cc_picker", self._uuid)
        if not self._switch.takes(leg, self.arrival):
            return False
        if not (await self._api("uuid_transfer", owner, "cc-picked XML cc")).startswith("+OK"):
            return False
        self._switch.is_leg_of(taken.call, self.arrival.leg)
        self._finish(Ended(cause=Cause.NORMAL))
        return True

    def _as_leg(self, taken: Taken, owner: str) -> dict[str, str]:
        """Variables; without effect until the channel is sent to ``cc-pick``."""
        heard = apart(taken.dial, self._sounds.file) if taken.dial.is_apart else {}
        return {
            "cc_owner": owner,
            "cc_party": self.arrival.endpoint,
            "cc_taken": taken.call,
            "cc_pick": "cc-apart" if heard else "cc-answered",
            **heard,
        }
