"""Attended transfers by phones: what FreeSWITCH tells of one, to the event of the port.

A phone's REFER with Replaces has FreeSWITCH bridge the other sides of both its talks itself; the
caller comes back to the dialplan where it left it, so its dial goes on. ``sofia::transferor`` tells
it (profile setting ``fire-transfer-events``). Used by the node.
"""

from collections.abc import Callable

from callcenter.pbx.freeswitch.esl_wire import EslEvent
from callcenter.pbx.port import LegId, Transferred


def read_transferred(
    event: EslEvent, node: str, call_of: Callable[[str], str]
) -> Transferred | None:
    """``None`` when not both talks were joined. ``call_of`` tells the call of a channel."""
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
