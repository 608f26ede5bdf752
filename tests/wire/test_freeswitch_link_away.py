"""The event socket goes away and comes back while calls go on: what was missed is told then."""

import asyncio

import pytest

from callcenter.pbx.causes import Cause
from callcenter.pbx.port import (
    DeviceChanged,
    DeviceState,
    DialStatus,
    Hangup,
    LegAnswered,
    LegEnded,
    LegRinging,
    LinkDown,
    LinkUp,
    NodeLost,
)
from tests.contract.rig import soon, until
from tests.contract.rules_call import answered_call
from tests.contract.rules_dial import Dialling
from tests.wire.freeswitch_rig import FreeswitchWireRig


async def away(rig: FreeswitchWireRig) -> None:
    """The event socket is gone, and that was noticed."""
    rig.switch.event_socket_goes()
    await until(lambda: any(isinstance(one, LinkDown) for one in rig.events))
    rig.events.clear()


async def back(rig: FreeswitchWireRig) -> None:
    """It is there again and all was asked for."""
    await rig.switch.start()
    await until(lambda: LinkUp(node=rig.pbx.node) in rig.events)


async def test_a_caller_who_left_a_talk_meanwhile_ends_the_dial(fs_rig: FreeswitchWireRig) -> None:
    seat = await fs_rig.seat("1001")
    seat.answers(after=0.2)
    caller, channel = await answered_call(fs_rig)
    dial = Dialling(channel)
    await until(lambda: dial.kinds() == [LegRinging, LegAnswered])
    await asyncio.sleep(1.0)
    await away(fs_rig)
    await caller.hang_up()
    await asyncio.sleep(1.0)
    assert not dial.task.done(), "nobody can know it"
    await back(fs_rig)
    with pytest.raises(Hangup) as hangup:
        await soon(dial.task, 2)
    talked = hangup.value.ended.dial
    assert talked is not None
    assert (talked.status, talked.leg, talked.party) == (
        DialStatus.ANSWER,
        dial.told[0].leg,
        "1001",
    )
    assert talked.talk is not None
    assert 0.9 < talked.talk.total_seconds() < 1.6, "until they left, not until it was told"
    gone = {one.leg for one in fs_rig.events if isinstance(one, LegEnded)}
    assert {channel.arrival.leg, dial.told[0].leg} <= gone
    assert {one.call for one in fs_rig.events if isinstance(one, LegEnded)} == {"call-1"}
    assert await fs_rig.pbx.legs() == []
    async with asyncio.timeout(3):
        while await fs_rig.pbx.orphans():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_seat_that_hung_up_meanwhile_is_told_once(fs_rig: FreeswitchWireRig) -> None:
    seat = await fs_rig.seat("1001")
    seat.answers(after=0.2)
    caller, channel = await answered_call(fs_rig)
    dial = Dialling(channel)
    await until(lambda: dial.kinds() == [LegRinging, LegAnswered])
    await away(fs_rig)
    await seat.hang_up()
    assert (await dial.result()).status is DialStatus.ANSWER
    await back(fs_rig)
    ended = [one for one in fs_rig.events if isinstance(one, LegEnded)]
    assert ended == [LegEnded(leg=dial.told[0].leg, call="call-1", cause=Cause.NORMAL)]
    assert [leg.leg for leg in await fs_rig.pbx.legs()] == [channel.arrival.leg]
    await caller.hang_up()


async def test_phones_that_came_and_went_meanwhile_are_told(fs_rig: FreeswitchWireRig) -> None:
    seat = await fs_rig.seat("1001")
    await until(lambda: DeviceChanged(extension="1001", state=DeviceState.IDLE) in fs_rig.events)
    await away(fs_rig)
    await seat.vanish()
    fs_rig.switch.registered.pop("1001")
    await fs_rig.seat("1002")
    await back(fs_rig)
    assert await fs_rig.pbx.devices() == {
        "1001": DeviceState.UNREACHABLE,
        "1002": DeviceState.IDLE,
    }
    told = [one for one in fs_rig.events if isinstance(one, DeviceChanged)]
    assert {(one.extension, one.state) for one in told} == {
        ("1001", DeviceState.UNREACHABLE),
        ("1002", DeviceState.IDLE),
    }


async def test_calls_go_on_and_come_in_without_the_event_socket(
    fs_rig: FreeswitchWireRig,
) -> None:
    await away(fs_rig)
    caller, channel = await answered_call(fs_rig)
    await channel.music("default")
    await caller.hears_music()
    with pytest.raises(NodeLost):
        await fs_rig.pbx.channels()
    await back(fs_rig)
    assert await fs_rig.pbx.channels() == 1
    seat = await fs_rig.seat("1001")
    seat.rejects()
    assert (await Dialling(channel).result()).status is DialStatus.BUSY
    await caller.hang_up()
    await soon(channel.gone(), 3)
