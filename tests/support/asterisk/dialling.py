"""``Dial``: rings phones for a channel, joins it with the first that answers, and tells of it."""

import asyncio
import contextlib
import re

from tests.support.asterisk.channel import Channel, Gone
from tests.support.asterisk.local import Half, local_channel, tie
from tests.support.asterisk.people import Person

_OPTION = re.compile(r"([a-zA-Z])(?:\(([^)]*)\))?")
_STATUS = {17: "BUSY", 21: "CHANUNAVAIL", 19: "NOANSWER", 34: "CONGESTION"}
_UNREACHABLE = 20


class _Leg:
    """One phone that is rung for ``owner``."""

    def __init__(
        self, owner: Channel, person: Person, dialled: str, options: dict[str, str]
    ) -> None:
        self.owner, self.dialled, self._options = owner, dialled, options
        self.channel = made = Channel(owner.switch, person, inbound=False)
        made.inherit(owner)
        made.presented = options.get("f") or owner.presented
        made.variables["DIALEDPEERNUMBER"] = dialled
        if isinstance(person, Half):
            tie(made, person, owner)
        self.won = self.over = False

    def tell(self, event: str, **fields: str) -> None:
        """An event about both."""
        own, leg = self.owner, self.channel
        dest = {"DestChannel": leg.name, "DestUniqueid": leg.uniqueid, "DialString": self.dialled}
        own.switch.fire(event, own, **dest, **fields)

    async def live(self, seconds: float) -> None:
        """Until it is answered, refuses, or has rung long enough."""
        leg, switch = self.channel, self.owner.switch
        if where := self._options.get("b"):
            await switch.subroutine(leg, where)
        switch.add(leg)
        self.tell("DialBegin")
        try:
            leg.person.rings(leg)
            await leg.rest(0)
            self.tell("DialState", DialStatus="RINGING")
            if not await leg.rest(seconds, until=lambda: leg.state == "Up") or leg.state != "Up":
                leg.hang_up(16)
                self.tell("DialEnd", DialStatus="NOANSWER")
                return
            self.won = True
        except Gone:
            status = _STATUS.get(leg.cause, "CANCEL" if leg.cause == 16 else "CHANUNAVAIL")
            self.tell("DialEnd", DialStatus=status)
        finally:
            self.over = True
            self.owner.poke()


async def dial(owner: Channel, arguments: str) -> None:
    """``PJSIP/a&PJSIP/b@trunk,seconds,options``."""
    targets, seconds, text = arguments.split(",", 2)
    options = dict(_OPTION.findall(text))
    owner.variables["DIALSTATUS"] = ""
    legs = [leg for target in targets.split("&") if (leg := _leg(owner, target, options))]
    if not legs:
        owner.variables |= {"DIALSTATUS": "CHANUNAVAIL", "HANGUPCAUSE": str(_UNREACHABLE)}
        return
    heard = "music" if "m" in options else "ringing"
    owner.person.sound = f"{heard}:{options.get('m', '')}"
    work = [owner.switch.spawn(leg.live(float(seconds))) for leg in legs]
    try:
        await _race(owner, legs, options)
    except Gone:
        owner.variables["DIALSTATUS"] = owner.variables["DIALSTATUS"] or "CANCEL"
        raise
    finally:
        for leg in legs:
            if leg.channel.hang_up(16) and not leg.over:
                leg.tell("DialEnd", DialStatus="CANCEL")
        owner.person.sound = ""
        await asyncio.wait(work, timeout=1)


def _leg(owner: Channel, target: str, options: dict[str, str]) -> _Leg | None:
    if target.startswith("Local/"):
        place = target.removeprefix("Local/")
        return _Leg(owner, local_channel(owner.switch, place), place, options)
    dialled = target.removeprefix("PJSIP/")
    number, _, trunk = dialled.partition("@")
    known = owner.switch.lines if trunk else owner.switch.registered
    person = known.get(number)
    return _Leg(owner, person, dialled, options) if person is not None and person.there else None


async def _race(owner: Channel, legs: list[_Leg], options: dict[str, str]) -> None:
    while True:
        won = next((leg for leg in legs if leg.won), None)
        if won is not None:
            break
        if all(leg.over for leg in legs):
            last = legs[-1].channel
            rang_out = last.state == "Ringing" and last.cause == 16
            status = "NOANSWER" if rang_out else _STATUS.get(last.cause, "CHANUNAVAIL")
            owner.variables |= {"DIALSTATUS": status, "HANGUPCAUSE": str(last.cause)}
            return
        over = sum(leg.over for leg in legs)
        await owner.rest(until=lambda over=over: sum(leg.over for leg in legs) > over)
    for leg in legs:
        if leg is not won and leg.channel.hang_up(26):
            leg.tell("DialEnd", DialStatus="CANCEL")
    await _talk(owner, won, options)


async def _lets_join(leg: Channel, where: str) -> bool:
    """A subroutine on a leg that has answered; the dial is deaf to its owner meanwhile."""
    leg.variables.pop("GOSUB_RESULT", None)
    with contextlib.suppress(Gone):
        await leg.switch.subroutine(leg, where)
    return leg.up and leg.variables.get("GOSUB_RESULT") != "CONTINUE"


async def _talk(owner: Channel, won: _Leg, options: dict[str, str]) -> None:
    leg = won.channel
    owner.variables |= {"DIALSTATUS": "ANSWER", "HANGUPCAUSE": "0"}
    if (where := options.get("U")) and not await _lets_join(leg, where):
        leg.hang_up(16)
        return
    owner.answer()
    owner.person.sound = ""
    owner.other, leg.other = leg, owner
    won.tell("DialEnd", DialStatus="ANSWER")
    owner.switch.states()
    try:
        await owner.rest(until=lambda: not leg.up)
    finally:
        owner.other = None
        leg.hang_up(16)
