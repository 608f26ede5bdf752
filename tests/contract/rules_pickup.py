"""The contract: a phone picks up what rings at another (S2)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from callcenter.pbx.port import (
    Channel,
    Dial,
    DialStatus,
    Hangup,
    LegId,
    LegRinging,
    Prompt,
    Source,
)
from tests.contract.rig import SOON, CallerPhone, Rig, SeatPhone, rule, until
from tests.contract.rules_call import WELCOME, answered_call
from tests.contract.rules_lines import Dialling, unanswered_call

RING = timedelta(seconds=10)


CallToUs = Callable[[Rig], Awaitable[tuple[CallerPhone, Channel]]]


class Ringing:
    """A caller for whom 1001 rings, and a colleague at 1003 whose channel we have."""

    caller: CallerPhone
    channel: Channel
    seat: SeatPhone
    dial: Dialling
    colleague: SeatPhone
    picking: Channel
    phone: CallerPhone  # of the colleague, who has dialled

    @property
    def leg(self) -> LegId:
        """What rings."""
        return next(one.leg for one in self.dial.told if isinstance(one, LegRinging))


async def ringing(
    rig: Rig,
    *,
    whisper: tuple[Prompt, ...] = (),
    also: str = "",
    call: CallToUs = answered_call,
) -> Ringing:
    """``also`` rings beside 1001."""
    made = Ringing()
    made.seat, made.colleague = await rig.seat("1001"), await rig.seat("1003")
    made.seat.never_answers()
    made.caller, made.channel = await call(rig)
    parties = (also,) if also else ()
    dial = Dial(extension="1001", parties=parties, ring=RING, whisper=whisper)
    made.dial = Dialling(made.channel, dial)
    await until(lambda: made.seat.is_ringing and bool(made.dial.told))
    made.phone = await rig.place_call("1003", "*8", source=Source.EXTENSION)
    made.picking = await rig.next_call()
    await made.picking.adopt("call-8")
    await made.picking.answer()
    return made


@rule
async def a_ringing_call_is_picked_up_by_a_colleague(rig: Rig) -> None:
    made = await ringing(rig)
    assert await made.picking.pick_up(made.leg)
    await until(lambda: made.dial.answered is not None)
    assert made.dial.answered is not None
    own = made.picking.arrival.leg
    assert (made.dial.answered.leg, made.dial.answered.party) == (own, "1003")
    await until(lambda: not made.seat.is_ringing, SOON)
    with pytest.raises(Hangup) as hangup:
        await made.picking.play([WELCOME])
    assert hangup.value.ended.dial is None
    await asyncio.sleep(1.0)
    assert made.phone.is_up
    ours = {leg.leg: leg for leg in await rig.pbx.legs()}
    assert set(ours) == {own, made.channel.arrival.leg}
    assert not ours[own].inbound
    assert {leg.call for leg in ours.values()} == {"call-1"}
    await made.phone.hang_up()
    result = await made.dial.result()
    assert (result.status, result.leg, result.party) == (DialStatus.ANSWER, own, "1003")
    assert result.talk is not None
    assert 0.9 < result.talk.total_seconds() < 2.5
    await made.channel.play([WELCOME])
    await made.caller.hears(WELCOME)
    await made.caller.hang_up()
    await made.channel.gone()
    assert await rig.pbx.orphans() == {}


@rule
async def what_rings_no_more_cannot_be_picked_up(rig: Rig) -> None:
    made = await ringing(rig)
    made.seat.picks_up()
    await until(lambda: made.dial.answered is not None)
    assert not await made.picking.pick_up(made.leg)
    assert not await made.picking.pick_up(LegId(f"{rig.pbx.node}/1.1"))
    await made.picking.play([WELCOME])
    await made.phone.hears(WELCOME)
    assert made.dial.answered is not None
    assert made.dial.answered.party == "1001"
    await made.phone.hang_up()
    await made.picking.gone()
    await made.caller.hang_up()
    with pytest.raises(Hangup):
        await made.dial.result()


@rule
async def a_talk_that_was_picked_up_outlives_the_engine(rig: Rig) -> None:
    made = await ringing(rig)
    assert await made.picking.pick_up(made.leg)
    await until(lambda: made.dial.answered is not None)
    await rig.engine_dies()
    await rig.engine_returns()
    await asyncio.sleep(1.0)
    assert made.phone.is_up
    assert made.caller.is_up
    assert await rig.pbx.orphans() == {}
    await made.phone.hang_up()
    again = await rig.next_call()
    assert again.arrival.call == "call-1"
    assert again.arrival.last_dial is not None
    told = again.arrival.last_dial
    assert (told.leg, told.party) == (made.picking.arrival.leg, "1003")
    await made.caller.hang_up()


@rule
async def who_picks_up_hears_the_whisper(rig: Rig) -> None:
    made = await ringing(rig, whisper=(WELCOME,))
    assert await made.picking.pick_up(made.leg)
    await made.phone.hears(WELCOME)
    await until(lambda: made.dial.answered is not None)
    assert made.dial.answered is not None
    assert made.dial.answered.party == "1003"
    await made.caller.hang_up()
    with pytest.raises(Hangup):
        await made.dial.result()
    await until(lambda: not made.phone.is_up, SOON)


@rule
async def a_call_that_nobody_answered_yet_is_picked_up(rig: Rig) -> None:
    made = await ringing(rig, call=unanswered_call)
    assert not made.caller.was_answered
    assert await made.picking.pick_up(made.leg)
    await until(lambda: made.dial.answered is not None)
    await until(lambda: made.caller.was_answered)
    await made.caller.hang_up()
    with pytest.raises(Hangup) as hangup:
        await made.dial.result()
    assert hangup.value.ended.dial is not None
    assert hangup.value.ended.dial.party == "1003"
    await until(lambda: not made.phone.is_up, SOON)


@rule
async def of_several_that_ring_none_refuses_when_one_is_picked_up(rig: Rig) -> None:
    other = await rig.seat("1002")
    other.never_answers()
    made = await ringing(rig, also="1002")
    await until(lambda: other.is_ringing)
    assert await made.picking.pick_up(made.leg)
    await until(lambda: not made.seat.is_ringing and not other.is_ringing, SOON)
    await until(lambda: made.dial.answered is not None)
    assert made.dial.answered is not None
    assert (made.dial.answered.party, made.dial.refused) == ("1003", set())
    await made.phone.hang_up()
    assert (await made.dial.result()).party == "1003"
    await made.caller.hang_up()


@rule
async def who_picks_up_and_leaves_before_being_joined_has_not_answered(rig: Rig) -> None:
    made = await ringing(rig, whisper=(WELCOME, WELCOME))
    assert await made.picking.pick_up(made.leg)
    await rig.seat("1002")
    late = await rig.place_call("1002", "*8", source=Source.EXTENSION)
    another = await rig.next_call()
    await another.adopt("call-9")
    assert not await another.pick_up(made.leg)
    await late.hang_up()
    await made.phone.hears(WELCOME)
    await made.phone.hang_up()
    result = await made.dial.result()
    assert result.status is not DialStatus.ANSWER
    assert made.dial.answered is None
    await made.channel.play([WELCOME])
    await made.caller.hears(WELCOME)
    await made.caller.hang_up()
