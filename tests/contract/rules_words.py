"""The contract: words are said into a running talk, to one who talks or to both."""

import asyncio

from callcenter.pbx.port import Dial
from tests.contract.rig import SOON, Rig, rule, soon, until
from tests.contract.rules_call import MENU, WELCOME, answered_call
from tests.contract.rules_join import consultation
from tests.contract.rules_lines import Dialling
from tests.contract.rules_pickup import ringing
from tests.contract.rules_talk import RING, talking


@rule
async def words_are_said_into_a_talk_to_one_or_to_both(rig: Rig) -> None:
    talk = await talking(rig)
    assert await rig.pbx.say(talk.leg, [WELCOME], both=True)
    await talk.caller.hears(WELCOME)
    await talk.seat.hears(WELCOME)
    assert await rig.pbx.say(talk.leg, [MENU], both=False)
    await talk.seat.hears(MENU)
    assert not await talk.caller.heard_prompt(MENU)
    saying = asyncio.create_task(rig.pbx.say(talk.leg, [WELCOME, WELCOME], both=True))
    await asyncio.sleep(1)
    await talk.caller.hang_up()
    assert not await soon(saying)
    await until(lambda: not talk.seat.is_talking, SOON)
    assert not await rig.pbx.say(talk.leg, [WELCOME], both=True)


@rule
async def words_are_whole_whatever_the_others_telephone_sends(rig: Rig) -> None:
    talk = await talking(rig)
    for packets in (0, 8):  # muted, as many are that send nothing then; a bad line, in bursts
        talk.caller.sends_together(packets)
        talk.seat.sends_together(packets)
        assert await rig.pbx.say(talk.leg, [WELCOME], both=True)
        await talk.caller.hears(WELCOME)
        await talk.seat.hears(WELCOME)
        assert await rig.pbx.say(talk.leg, [MENU], both=False)
        await talk.seat.hears(MENU)
        assert not await talk.caller.heard_prompt(MENU)
    await talk.caller.hang_up()


@rule
async def words_said_at_once_are_said_one_after_the_other(rig: Rig) -> None:
    talk = await talking(rig)
    first = asyncio.create_task(rig.pbx.say(talk.leg, [WELCOME], both=True))
    await asyncio.sleep(0.5)
    assert await rig.pbx.say(talk.leg, [MENU], both=False)
    assert await first
    await talk.seat.hears(WELCOME)
    await talk.seat.hears(MENU)
    await talk.caller.hears(WELCOME)
    await talk.caller.hang_up()


@rule
async def words_reach_both_after_a_whisper(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.1)
    caller, channel = await answered_call(rig)
    dial = Dialling(channel, Dial(extension="1001", ring=RING, whisper=(MENU,)))
    await until(lambda: dial.answered is not None)
    assert dial.answered is not None
    assert await rig.pbx.say(dial.answered.leg, [WELCOME], both=True)
    await seat.hears(WELCOME)
    await caller.hears(WELCOME)
    await caller.hang_up()


@rule
async def words_reach_both_after_a_pickup(rig: Rig) -> None:
    made = await ringing(rig)
    assert await made.picking.pick_up(made.leg)
    await until(lambda: made.dial.answered is not None)
    assert made.dial.answered is not None
    assert await rig.pbx.say(made.dial.answered.leg, [WELCOME], both=True)
    await made.caller.hears(WELCOME)
    await made.phone.hears(WELCOME)
    await made.caller.hang_up()


@rule
async def words_reach_both_whom_a_phone_has_joined(rig: Rig) -> None:
    talk, colleague, _, second = await consultation(rig)
    await talk.seat.joins()
    await until(lambda: not talk.seat.is_talking, 5)
    assert second.answered is not None
    assert await rig.pbx.say(second.answered.leg, [WELCOME], both=True)
    await talk.caller.hears(WELCOME)
    await colleague.hears(WELCOME)
    await talk.caller.hang_up()
