"""Phones are rung: by ``bridge`` for a caller, by ``originate`` for ourselves."""

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.freeswitch.channel import Channel, Gone, Sent

if TYPE_CHECKING:
    from tests.support.freeswitch.people import Person
    from tests.support.freeswitch.switch import FakeFreeswitch

_PAIR = re.compile(r"(\w+)=('[^']*'|[^,']*)(?:,|$)")


@dataclass(frozen=True)
class Party:
    """One of those in a dial string."""

    endpoint: str
    variables: dict[str, str]


def parse(target: str) -> tuple[dict[str, str], list[Party]]:
    """``{shared}[own]endpoint,[own]endpoint``."""
    shared, rest = _variables(target, "{", "}")
    parties = []
    while rest:
        own, rest = _variables(rest, "[", "]")
        endpoint, _, rest = rest.partition(",")
        parties.append(Party(endpoint, own))
    return shared, parties


def _variables(text: str, begin: str, end: str) -> tuple[dict[str, str], str]:
    if not text.startswith(begin):
        return {}, text
    quoted, at = False, 1
    while quoted or text[at] != end:
        quoted ^= text[at] == "'"
        at += 1
    pairs = _PAIR.findall(text[1:at])
    return {name: value.strip("'") for name, value in pairs}, text[at + 1 :]


async def ring(
    switch: "FakeFreeswitch", target: str, owner: Channel | None
) -> tuple[Channel | None, str]:
    """Who answered first, or why nobody did. Rings no longer than the owner lives.

    Raises:
        Gone, Sent: what became of the owner; nobody rings any more.
    """
    shared, parties = parse(target)
    legs: list[_Leg] = []
    missing = ""
    for party in parties:
        person = _person(switch, party.endpoint)
        if person is None:
            missing = "USER_NOT_REGISTERED" if party.endpoint[:5] == "user/" else "INVALID_GATEWAY"
        else:
            legs.append(_Leg(switch, person, {**shared, **party.variables}, owner))
    try:
        return await _race(legs, missing, owner)
    except (Gone, Sent):
        for leg in legs:
            leg.channel.hang_up("ORIGINATOR_CANCEL")
        raise


async def _race(
    legs: "list[_Leg]", missing: str, owner: Channel | None
) -> tuple[Channel | None, str]:
    changed = asyncio.Event()
    for leg in legs:
        leg.begin(changed.set if owner is None else owner.poke)
    cause = missing
    while True:
        won = next((leg for leg in legs if leg.won and leg.channel.up), None)
        if won is not None:
            for leg in legs:
                if leg is not won:
                    leg.channel.hang_up("LOSE_RACE")
            return won.channel, "SUCCESS"
        over = all(not leg.channel.up for leg in legs)
        if over:
            return None, legs[-1].channel.cause if legs else cause
        if owner is not None:
            await owner.rest(
                until=lambda: any(leg.won or (not leg.channel.up and not leg.seen) for leg in legs)
            )
            for leg in legs:
                leg.seen = not leg.channel.up
        else:
            changed.clear()
            await changed.wait()


def _person(switch: "FakeFreeswitch", endpoint: str) -> "Person | None":
    if endpoint.startswith("user/"):
        return switch.registered.get(endpoint[5:].partition("@")[0])
    if endpoint.startswith("sofia/gateway/trunk-world/"):
        return switch.lines.get(endpoint.rpartition("/")[2])
    return None


class _Leg:
    """One phone that is rung."""

    def __init__(
        self,
        switch: "FakeFreeswitch",
        person: "Person",
        variables: dict[str, str],
        owner: Channel | None,
    ) -> None:
        uuid = variables.get("origination_uuid", "")
        self.channel = Channel(switch, person, inbound=False, uuid=uuid, **variables)
        shown = owner.presented if owner else ""
        self.channel.presented = variables.get("origination_caller_id_number", shown)
        self.won = self.seen = False
        self._switch, self._person = switch, person

    def begin(self, tell: "object") -> None:
        self._tell = tell
        channel, told = self.channel, self.channel.variables
        self._switch.add(channel)
        self._switch.fire("CHANNEL_ORIGINATE", channel)
        for name, value in self._person.directory.items():
            told.setdefault(name, value)
        limits = [told.get(name) for name in ("leg_timeout", "originate_timeout")]
        seconds = next(float(one) for one in limits if one)
        self._switch.spawn(self._live(seconds))

    async def _live(self, seconds: float) -> None:
        channel = self.channel
        try:
            if not self._person.there:
                channel.hang_up("NORMAL_TEMPORARY_FAILURE")
                return
            self._person.rings(channel)
            channel.require()
            self._switch.fire("CHANNEL_PROGRESS", channel)
            if await channel.rest(seconds, until=lambda: channel.answer_state == "answered"):
                if channel.answer_state != "answered":
                    channel.hang_up("NO_ANSWER")
                    return
                await self._before_joining()
                self.won = True
        except (Gone, Sent):
            pass
        finally:
            self._tell()  # type: ignore[operator]

    async def _before_joining(self) -> None:
        from tests.support.freeswitch import apps

        told = self.channel.variables
        application = told.get("execute_on_answer", "")
        if told.get("group_confirm_key") == "exec":
            application = told["group_confirm_file"]
        if application:
            name, _, argument = application.partition(" ")
            await apps.run(self.channel, name, argument)


async def bridge(channel: Channel, target: str) -> None:
    """Ring, join, and wait for the end of either; the channel goes on in the dialplan."""
    if not channel.get("originate_disposition"):
        channel.set("originate_disposition", "")
    heard = channel.get("ringback") if channel.answer_state == "answered" else ""
    if channel.get("instant_ringback") == "true":
        heard = channel.get("ringback")
    channel.person.hears_on(channel, heard)
    try:
        leg, cause = await ring(channel.switch, target, channel)
    except Gone:
        channel.set("originate_disposition", "ORIGINATOR_CANCEL")
        raise
    finally:
        channel.person.hears_on(channel, "")
    channel.set("originate_disposition", cause)
    if leg is not None:
        await _talk(channel, leg)


async def as_joined(channel: Channel) -> None:
    """Of two whom ``uuid_bridge`` has joined: the first goes on after the talk, the other never."""
    if channel.is_leg:
        await channel.rest(until=lambda: False)
    leg, channel.to_join = channel.to_join, None
    if leg is not None:
        await _talk(channel, leg)


async def _talk(channel: Channel, leg: Channel) -> None:
    channel.answer()
    for one, other in ((channel, leg), (leg, channel)):
        one.other = other
        one.set("bridge_uuid", other.uuid)
    told = {"Bridge_A_Unique_ID": channel.uuid, "Bridge_B_Unique_ID": leg.uuid}
    channel.switch.fire("CHANNEL_BRIDGE", channel, **told)
    try:
        while leg.up:
            await channel.rest(until=lambda: not leg.up)
    finally:
        channel.other = None
        channel.set("bridge_uuid", "")
        leg.hang_up("NORMAL_CLEARING")
