"""The contract, third part: what a node knows of channels, phones and calls it kept."""

import asyncio
from datetime import timedelta

import pytest

from callcenter.pbx.causes import Cause
from callcenter.pbx.port import (
    DeviceChanged,
    DeviceState,
    DialStatus,
    Ended,
    Hangup,
    LegAnswered,
    LegId,
    LegRinging,
    LinkUp,
    NodeLost,
)
from tests.contract.rig import Rig, rule, soon, until
from tests.contract.rules_call import CALLER, NUMBER, answered_call
from tests.contract.rules_dial import Dialling


@rule
async def the_event_connection_tells_that_it_stands(rig: Rig) -> None:
    await until(lambda: LinkUp(node=rig.pbx.node) in rig.events)


@rule
async def a_phone_is_seen_in_its_states(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.5)
    await until(lambda: DeviceChanged(extension="1001", state=DeviceState.IDLE) in rig.events)
    assert (await rig.pbx.devices())["1001"] is DeviceState.IDLE
    rig.events.clear()
    caller, channel = await answered_call(rig)
    dial = Dialling(channel)
    await until(lambda: seat.is_talking)
    await until(lambda: DeviceChanged(extension="1001", state=DeviceState.IN_USE) in rig.events)
    assert (await rig.pbx.devices())["1001"] is DeviceState.IN_USE
    await seat.hang_up()
    await dial.result()
    await until(lambda: DeviceChanged(extension="1001", state=DeviceState.IDLE) in rig.events)
    seen = [one.state for one in rig.events if isinstance(one, DeviceChanged)]
    assert seen == [DeviceState.RINGING, DeviceState.IN_USE, DeviceState.IDLE]
    await caller.hang_up()


@rule
async def a_phone_that_goes_is_unreachable(rig: Rig) -> None:
    seat = await rig.seat("1001")
    await until(lambda: DeviceChanged(extension="1001", state=DeviceState.IDLE) in rig.events)
    rig.events.clear()
    await seat.vanish()
    await until(
        lambda: DeviceChanged(extension="1001", state=DeviceState.UNREACHABLE) in rig.events
    )
    assert (await rig.pbx.devices())["1001"] is DeviceState.UNREACHABLE
    caller, channel = await answered_call(rig)
    assert (await Dialling(channel).result()).status is DialStatus.UNREACHABLE
    await caller.hang_up()


@rule
async def legs_are_listed_with_their_call(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.2)
    stranger = await rig.place_call("13800000002", NUMBER)
    await rig.next_call()
    caller, channel = await answered_call(rig)
    dial = Dialling(channel)
    await until(lambda: LegAnswered in dial.kinds())
    inbound, dialled = sorted(await rig.pbx.legs(), key=lambda leg: not leg.inbound)
    assert (inbound.leg, inbound.inbound, inbound.endpoint) == (channel.arrival.leg, True, "world")
    assert (dialled.leg, dialled.inbound, dialled.endpoint) == (dial.told[0].leg, False, "1001")
    assert inbound.call == dialled.call == "call-1"
    assert inbound.up
    assert dialled.up
    await stranger.hang_up()
    await caller.hang_up()
    with pytest.raises(Hangup):
        await dial.result()


@rule
async def any_leg_can_be_hung_up_once(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    assert await rig.pbx.hangup(channel.arrival.leg, Cause.NORMAL)
    await soon(channel.gone())
    await until(lambda: not caller.is_up)
    assert not await rig.pbx.hangup(channel.arrival.leg, Cause.NORMAL)
    assert not await rig.pbx.hangup(LegId(f"{rig.pbx.node}/1234567890.99999"), Cause.NORMAL)


@rule
async def a_talk_is_ended_by_hanging_up_the_seat(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.2)
    caller, channel = await answered_call(rig)
    dial = Dialling(channel)
    await until(lambda: LegAnswered in dial.kinds())
    assert await rig.pbx.hangup(dial.told[0].leg, Cause.NORMAL)
    assert (await dial.result()).status is DialStatus.ANSWER
    assert caller.is_up
    await caller.hang_up()


@rule
async def a_caller_who_left_while_no_engine_listened_is_kept(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    await channel.music("default")
    await rig.engine_dies()
    await caller.hang_up()
    await rig.engine_returns()
    await until(lambda: LinkUp(node=rig.pbx.node) in rig.events)
    orphans = await _orphans(rig)
    assert orphans["call-1"].dial is None
    assert orphans["call-1"].cause is Cause.NORMAL
    await rig.pbx.forget_orphan("call-1")
    await rig.pbx.forget_orphan("call-1")
    assert await rig.pbx.orphans() == {}


@rule
async def a_talk_that_ended_while_no_engine_listened_is_kept(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.2)
    caller, channel = await answered_call(rig)
    dial = Dialling(channel)
    await until(lambda: dial.kinds() == [LegRinging, LegAnswered])
    await rig.engine_dies()
    with pytest.raises(NodeLost):
        await dial.result()
    await asyncio.sleep(1.0)
    await caller.hang_up()
    await rig.engine_returns()
    await until(lambda: LinkUp(node=rig.pbx.node) in rig.events)
    talked = (await _orphans(rig))["call-1"].dial
    assert talked is not None
    assert (talked.status, talked.leg) == (DialStatus.ANSWER, dial.told[0].leg)
    assert talked.answered_at is not None
    assert abs(talked.answered_at - dial.told[1].at) < timedelta(seconds=0.5)
    assert talked.talk is not None
    assert 0.9 < talked.talk.total_seconds() < 2.0
    await rig.pbx.forget_orphan("call-1")


@rule
async def calls_whose_end_the_engine_saw_are_not_kept(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    await caller.hang_up()
    await soon(channel.gone())
    caller, channel = await answered_call(rig)
    await channel.release(Cause.NORMAL)
    await until(lambda: not caller.is_up)
    caller = await rig.place_call(CALLER, NUMBER)
    channel = await rig.next_call()
    await channel.adopt("call-2")
    await channel.reject(Cause.BUSY)
    await until(lambda: not caller.is_up)
    assert await rig.pbx.orphans() == {}


async def _orphans(rig: Rig) -> dict[str, Ended]:
    async with asyncio.timeout(5):
        while not (orphans := await rig.pbx.orphans()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        return orphans
