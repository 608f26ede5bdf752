"""Who hears whom (rows Q10, V1, S2): three phones, three tones, levels measured at each phone."""

import asyncio
from datetime import timedelta

import pytest

from callcenter.pbx.port import Dial, EavesdropMode, LegId
from tests.contract.rig import until
from tests.contract.rules_call import MENU, answered_call
from tests.contract.rules_lines import Dialling
from tests.contract.rules_talk import talking
from tests.live.asterisk_rig import AsteriskRig, SipCaller, SipSeat
from tests.support.phone import Call

pytestmark = pytest.mark.live

RING = timedelta(seconds=10)
CALLER, SEAT, CHIEF = 600.0, 1000.0, 1700.0  # hertz
SENT = -15.0  # dBFS
HEARD, NOT_HEARD = SENT - 10, SENT - 40


async def hears(listener: Call, wanted: set[float], silent: set[float], within: float = 3) -> None:
    """Wait until half a second has exactly these tones at their levels."""

    def so() -> bool:
        levels = {tone: listener.heard.level(tone, last=0.5) for tone in wanted | silent}
        return all(levels[tone] > HEARD for tone in wanted) and all(
            levels[tone] < NOT_HEARD for tone in silent
        )

    try:
        await until(so, within)
    except TimeoutError:
        got = {tone: round(listener.heard.level(tone, last=0.5)) for tone in wanted | silent}
        pytest.fail(f"wanted {wanted}, not {silent}; heard {got}")


async def three(rig: AsteriskRig, spied: str = "seat") -> tuple[Call, Call, Call, LegId]:
    """A caller and a seat who talk, and a chief who monitors; each says a tone."""
    talk = await talking(rig)
    assert isinstance(talk.caller, SipCaller)
    assert isinstance(talk.seat, SipSeat)
    chief = await rig.seat("1003")
    chief.answers(after=0.1)
    leg = talk.leg if spied == "seat" else talk.channel.arrival.leg
    listening = await rig.pbx.eavesdrop(
        leg, Dial(extension="1003", ring=RING), EavesdropMode.MONITOR
    )
    assert listening.leg is not None
    calls = talk.caller.call, talk.seat.phone.incoming[-1], chief.phone.incoming[-1]
    for call, tone in zip(calls, (CALLER, SEAT, CHIEF), strict=True):
        call.play_tone(tone, dbfs=SENT)
    return (*calls, listening.leg)


async def test_modes_are_switched_live_by_command_and_by_key(rig: AsteriskRig) -> None:
    caller, seat, chief, leg = await three(rig)
    monitor, whisper, barge = EavesdropMode
    for mode, key in (
        (monitor, ""),
        (whisper, ""),
        (barge, ""),
        (monitor, ""),
        (whisper, "5"),
        (barge, "6"),
        (monitor, "4"),
    ):
        if key:
            await chief.press(key)
        elif mode:
            assert await rig.pbx.set_eavesdrop_mode(leg, mode)
        await asyncio.sleep(0.8)  # so that half a second of the mode before is over
        await hears(chief, {CALLER, SEAT}, {CHIEF})
        to_seat = {CHIEF} if mode is not monitor else set()
        to_caller = {CHIEF} if mode is barge else set()
        await hears(seat, {CALLER} | to_seat, {CHIEF} - to_seat)
        await hears(caller, {SEAT} | to_caller, {CHIEF} - to_caller)
    began = asyncio.get_running_loop().time()
    await seat.hang_up()
    await chief.ended(1)
    assert asyncio.get_running_loop().time() - began < 1
    await caller.hang_up()


@pytest.mark.parametrize("mode", list(EavesdropMode))
async def test_each_mode_from_the_beginning(rig: AsteriskRig, mode: EavesdropMode) -> None:
    talk = await talking(rig)
    assert isinstance(talk.caller, SipCaller)
    assert isinstance(talk.seat, SipSeat)
    chief = await rig.seat("1003")
    chief.answers(after=0.1)
    await rig.pbx.eavesdrop(talk.leg, Dial(extension="1003", ring=RING), mode)
    caller, seat = talk.caller.call, talk.seat.phone.incoming[-1]
    listener = chief.phone.incoming[-1]
    for call, tone in zip((caller, seat, listener), (CALLER, SEAT, CHIEF), strict=True):
        call.play_tone(tone, dbfs=SENT)
    barge, whisper = mode is EavesdropMode.BARGE, mode is not EavesdropMode.MONITOR
    await asyncio.sleep(0.8)
    await hears(listener, {CALLER, SEAT}, {CHIEF})
    await hears(seat, {CALLER, CHIEF} if whisper else {CALLER}, set() if whisper else {CHIEF})
    await hears(caller, {SEAT, CHIEF} if barge else {SEAT}, set() if barge else {CHIEF})
    await listener.hang_up()
    await asyncio.sleep(0.8)
    await hears(seat, {CALLER}, {CHIEF})
    await hears(caller, {SEAT}, {CHIEF})
    await caller.hang_up()


async def test_a_third_party_joins_the_talk_at_the_callers_side_and_leaves(
    rig: AsteriskRig,
) -> None:
    caller, seat, third, leg = await three(rig, "caller")
    await rig.pbx.set_eavesdrop_mode(leg, EavesdropMode.BARGE)
    await asyncio.sleep(0.8)
    await hears(caller, {SEAT, CHIEF}, set())
    await hears(seat, {CALLER, CHIEF}, set())
    await hears(third, {CALLER, SEAT}, {CHIEF})
    await third.hang_up()
    await asyncio.sleep(0.8)
    await hears(caller, {SEAT}, {CHIEF})
    await hears(seat, {CALLER}, {CHIEF})
    await caller.hang_up()


async def test_nothing_of_the_whisper_reaches_the_caller(rig: AsteriskRig) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.1)
    caller, channel = await answered_call(rig)
    assert isinstance(caller, SipCaller)
    dial = Dialling(channel, Dial(extension="1001", ring=RING, whisper=(MENU,)))
    await until(lambda: seat.is_talking)
    phone = seat.phone.incoming[-1]
    phone.play_tone(SEAT, dbfs=SENT)
    began = asyncio.get_running_loop().time()
    await seat.hears(MENU)
    if dial.answered is None:
        assert caller.call.heard.level(SEAT, since=began, last=None) < NOT_HEARD
    assert not caller.call.heard.silence_gaps(0.3, since=began)
    await until(lambda: dial.answered is not None)
    caller.call.play_tone(CALLER, dbfs=SENT)
    await asyncio.sleep(0.8)
    await hears(caller.call, {SEAT}, set())
    await hears(phone, {CALLER}, set())
    await caller.hang_up()


async def test_after_a_transfer_the_right_two_hear_each_other(rig: AsteriskRig) -> None:
    talk = await talking(rig)
    assert isinstance(talk.caller, SipCaller)
    colleague = await rig.seat("1002")
    colleague.answers(after=0.1)
    await talk.seat.hold()
    await talk.seat.calls("1002")
    consulting = await rig.next_call()
    await consulting.adopt("call-2")
    second = Dialling(consulting, Dial(extension="1002", ring=RING))
    await until(lambda: second.answered is not None)
    await talk.caller.hears_music()
    await talk.seat.joins()
    caller, other = talk.caller.call, colleague.phone.incoming[-1]
    caller.play_tone(CALLER, dbfs=SENT)
    other.play_tone(CHIEF, dbfs=SENT)
    await hears(caller, {CHIEF}, {SEAT})
    await hears(other, {CALLER}, {SEAT})
    assert second.answered is not None
    legs = {leg.leg: leg.call for leg in await rig.pbx.legs()}
    assert legs == {talk.channel.arrival.leg: "call-1", second.answered.leg: "call-1"}
    await caller.hang_up()
    await until(lambda: not colleague.is_talking, 2)


async def test_two_talks_and_a_guest_hear_each_other(rig: AsteriskRig) -> None:
    """Two calls with their seats, and one who was invited: five phones, five tones."""
    talks = [await talking(rig)]
    colleague = await rig.seat("1002")
    colleague.answers(after=0.1)
    second = await rig.place_call("+8613800000002", "4008001234")
    channel = await rig.next_call()
    await channel.adopt("call-2")
    await channel.answer()
    dial = Dialling(channel, Dial(extension="1002", ring=RING))
    await until(lambda: dial.answered is not None)
    assert dial.answered is not None
    assert isinstance(talks[0].caller, SipCaller)
    assert isinstance(talks[0].seat, SipSeat)
    assert isinstance(second, SipCaller)
    for leg in (talks[0].leg, dial.answered.leg):
        assert await rig.pbx.join_room(leg, "room-5")
    chief = await rig.seat("1003")
    chief.answers(after=0.1)
    await rig.pbx.invite("room-5", Dial(extension="1003", ring=RING))
    phones = {
        CALLER: talks[0].caller.call,
        SEAT: talks[0].seat.phone.incoming[-1],
        CHIEF: chief.phone.incoming[-1],
        2300.0: second.call,
        2900.0: colleague.phone.incoming[-1],
    }
    for tone, phone in phones.items():
        phone.play_tone(tone, dbfs=SENT - 5)
    await asyncio.sleep(0.8)
    for tone, phone in phones.items():
        await hears(phone, set(phones) - {tone}, {tone})
    # one talk ends: the other goes on with the guest
    await talks[0].caller.hang_up()
    await asyncio.sleep(0.8)
    await hears(second.call, {2900.0, CHIEF}, {CALLER, SEAT})
    await second.call.hang_up()
    await until(lambda: not chief.is_talking, 2)
