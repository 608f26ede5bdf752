"""The channels of a node as events tell them: its own list (``show channels``) is a moment late."""

from dataclasses import dataclass

from callcenter.pbx.checked import TRUNK_PREFIX
from callcenter.pbx.freeswitch import events
from callcenter.pbx.freeswitch.esl_wire import EslEvent
from callcenter.pbx.freeswitch.pickup import DIALLED_NOW
from callcenter.pbx.port import Arrival, LegId, LiveLeg

_BEGIN = {"CHANNEL_ORIGINATE", "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA", "CHANNEL_ANSWER"}
_GONE_KEPT = 5_000


@dataclass(kw_only=True)
class _Leg:
    call: str
    endpoint: str
    inbound: bool
    up: bool


class Legs:
    """Every channel that carries a call of ours."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._legs: dict[str, _Leg] = {}
        self._gone: dict[str, None] = {}  # the list still has them for a moment

    def arrived(self, arrival: Arrival, *, up: bool) -> None:
        """A channel was handed to us."""
        name = arrival.leg.partition("/")[2]
        self._legs.setdefault(
            name,
            _Leg(call=arrival.call, endpoint=arrival.endpoint, inbound=True, up=up),
        )

    def knows(self, leg: LegId) -> bool:
        """Whether it was ever handed to us, or told of but for its end."""
        return leg.partition("/")[2] in self._legs

    def is_gone(self, leg: LegId) -> bool:
        """Whether its end was told."""
        return leg.partition("/")[2] in self._gone

    def adopted(self, leg: LegId, call: str) -> None:
        """It carries this call."""
        if (found := self._legs.get(leg.partition("/")[2])) is not None:
            found.call = call

    def picked_up(self, leg: LegId, call: str) -> None:
        """A phone's own channel became a leg dialled for this call."""
        if (found := self._legs.get(leg.partition("/")[2])) is not None:
            found.call, found.inbound = call, False

    def call_of(self, name: str) -> str:
        """The call of the channel that FreeSWITCH calls so; ``""`` for none."""
        return found.call if (found := self._legs.get(name)) is not None else ""

    def endpoint_of(self, leg: LegId) -> str:
        """The extension or trunk at a channel; ``""`` for none."""
        found = self._legs.get(leg.partition("/")[2])
        return found.endpoint if found is not None else ""

    def heard(self, event: EslEvent) -> None:
        """Whatever is told of a channel."""
        name = event.get("Unique-ID")
        if event.name == "CHANNEL_HANGUP_COMPLETE":
            self._legs.pop(name, None)
            self._gone[name] = None
            if len(self._gone) > _GONE_KEPT:
                del self._gone[next(iter(self._gone))]
        elif event.name in _BEGIN and name not in self._gone:
            made = _Leg(
                call=event.variable("cc_call"),
                endpoint=events.endpoint_of(event),
                inbound=event.get("Call-Direction") == "inbound",
                up=False,
            )
            leg = self._legs.setdefault(name, made)
            leg.call = leg.call or made.call
            leg.up = leg.up or event.name == "CHANNEL_ANSWER"

    def listed(self, rows: list[dict[str, str]]) -> None:
        """The node's own list, asked for when we could not listen."""
        for row in rows:
            call, dialled, _ = row.get("presence_data", "").partition(DIALLED_NOW)
            if call and row["uuid"] not in self._gone:
                made = _Leg(
                    call=call,
                    endpoint=row.get("accountcode", "").removeprefix(TRUNK_PREFIX),
                    inbound=row.get("direction") == "inbound" and not dialled,
                    up=row.get("callstate") in ("ACTIVE", "HELD"),
                )
                self._legs.setdefault(row["uuid"], made)

    def forget(self, missing: set[str]) -> None:
        """These are not there any more, though nobody told."""
        for name in missing:
            self._legs.pop(name, None)

    @property
    def names(self) -> list[str]:
        """FreeSWITCH's names of all."""
        return list(self._legs)

    def all(self) -> list[LiveLeg]:
        """As the port wants them."""
        return [
            LiveLeg(
                leg=LegId(f"{self._node}/{name}"),
                call=leg.call,
                endpoint=leg.endpoint,
                inbound=leg.inbound,
                up=leg.up,
            )
            for name, leg in self._legs.items()
            if leg.call
        ]
