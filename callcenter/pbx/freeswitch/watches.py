"""The dials under way on a node: events of their legs become progress, each told by its own."""

from collections.abc import Iterator

from callcenter.pbx.dial_watch import DialWatch
from callcenter.pbx.freeswitch import events
from callcenter.pbx.freeswitch.esl_wire import EslEvent
from callcenter.pbx.freeswitch.facts import DialFacts
from callcenter.pbx.port import DialStatus, LegId


class Watches(dict[LegId, DialWatch]):
    """By the caller's channel, which dials."""

    def __init__(self, node: str) -> None:
        super().__init__()
        self._node = node

    def of(self, leg: LegId) -> Iterator[DialWatch]:
        """Those that rang this leg."""
        return (watch for watch in self.values() if leg in watch.legs)

    def ringing(self, leg: LegId) -> LegId | None:
        """Who dials the phone that rings at this leg."""
        return next((owner for owner, watch in self.items() if watch.rings_at(leg)), None)

    def heard(self, event: EslEvent) -> None:
        """An event that may concern a leg of a dial."""
        for owner in (event.variable("cc_owner"), event.get("Bridge-A-Unique-ID")):
            watch = self.get(LegId(f"{self._node}/{owner}"))
            if watch is not None:
                self._tell(watch, event)
                return

    def _tell(self, watch: DialWatch, event: EslEvent) -> None:
        leg, at = events.leg_of(event, self._node), events.moment(event)
        match event.name:
            case "CHANNEL_ORIGINATE":
                watch.begun(leg, event.variable("cc_party"))
            case "CHANNEL_PROGRESS" | "CHANNEL_PROGRESS_MEDIA":
                watch.begun(leg, event.variable("cc_party"))
                watch.ringing(leg, at)
            case "CHANNEL_BRIDGE":
                watch.answered(events.leg_of(event, self._node, "Bridge-B-Unique-ID"), at)
            case "CHANNEL_HANGUP_COMPLETE":
                facts = DialFacts(disposition=event.variable("hangup_cause"))
                if facts.status is not DialStatus.CANCELLED:
                    watch.refuses(leg, facts.status)
                watch.leg_ended(leg, events.cause_of(event), at)
