"""Attended transfers by phones: what FreeSWITCH tells of one, to the event of the port.

A phone's REFER with Replaces has FreeSWITCH bridge the other sides of both its talks itself; the
caller comes back to the dialplan where it left it, so its dial goes on. ``sofia::transferor`` tells
it (profile setting ``fire-transfer-events``). The phone's own channel of the consultation would
stay for two seconds more; it is ended when the others are joined. Used by the node.
"""

from collections.abc import Callable

from callcenter.pbx.freeswitch.esl_wire import EslEvent
from callcenter.pbx.port import LegId, Transferred

_MOST = 1_000  # under way at one time; each takes some hundredths of a second


class Joins:
    """Those of one node that are under way."""

    def __init__(self, node: str, call_of: Callable[[str], str]) -> None:
        """``call_of`` tells the call of a channel by FreeSWITCH's name."""
        self._node, self._call_of = node, call_of
        self._left: dict[LegId, LegId] = {}  # what the phone leaves, by who is then joined

    def heard(self, event: EslEvent) -> Transferred | None:
        """What an event says of one that begins."""
        told = _read(event, self._node, self._call_of)
        if told is not None:
            self._left[told.leg] = told.consult_leg
            if len(self._left) > _MOST:
                del self._left[next(iter(self._left))]
        return told

    def over(self, event: EslEvent) -> LegId | None:
        """The channel to be ended now, if two were joined by an event."""
        if event.name != "CHANNEL_BRIDGE":
            return None
        sides = (event.get(f"Bridge-{side}-Unique-ID") for side in "AB")
        left = [self._left.pop(LegId(f"{self._node}/{side}"), None) for side in sides]
        return next(filter(None, left), None)


def _read(event: EslEvent, node: str, call_of: Callable[[str], str]) -> Transferred | None:
    """``None`` when not both talks were joined."""
    names = [
        event.get("att_xfer_original_call_id"),
        event.get("Unique-ID"),
        event.get("att_xfer_destination_peer_uuid"),
        event.get("att_xfer_destination_call_id"),
    ]
    if event.name != "sofia::transferor" or not all(names):
        return None
    leg, from_leg, consult_leg, to_leg = (LegId(f"{node}/{name}") for name in names)
    return Transferred(
        call=event.variable("cc_call"),
        leg=leg,
        from_leg=from_leg,
        consultation=call_of(names[2]),
        consult_leg=consult_leg,
        to_leg=to_leg,
    )
