"""The contract: a phone that talks twice joins the others and leaves (S2, attended transfer)."""

import asyncio

import pytest

from callcenter.pbx.port import Channel, Dial, DialStatus, Hangup, SentElsewhere, Transferred
from tests.contract.rig import Rig, SeatPhone, rule, until
from tests.contract.rules_call import WELCOME
from tests.contract.rules_lines import Dialling
from tests.contract.rules_talk import RING, Talk, talking


async def consultation(rig: Rig) -> tuple[Talk, SeatPhone, Channel, Dialling]:
    """A talk whose seat asks the colleague at 1002: that phone, the channel of the question."""
    talk = await talking(rig)
    colleague = await rig.seat("1002")
    colleague.answers(after=0.1)
    await talk.seat.calls("1002")
    consulting = await rig.next_call()
    await consulting.adopt("call-2")
    second = Dialling(consulting, Dial(extension="1002", ring=RING))
    await until(lambda: second.answered is not None)
    await asyncio.sleep(0.5)
    return talk, colleague, consulting, second


@rule
async def a_phone_joins_its_caller_with_a_colleague(rig: Rig) -> None:
    talk, colleague, consulting, second = await consultation(rig)
    await talk.seat.joins()
    await until(lambda: any(isinstance(one, Transferred) for one in rig.events))
    assert second.answered is not None
    told = next(one for one in rig.events if isinstance(one, Transferred))
    assert told == Transferred(
        call="call-1",
        leg=talk.channel.arrival.leg,
        from_leg=talk.leg,
        consultation="call-2",
        consult_leg=consulting.arrival.leg,
        to_leg=second.answered.leg,
    )
    with pytest.raises(Hangup) as hangup:
        await second.result()
    assert hangup.value.ended.dial is not None
    assert hangup.value.ended.dial.status is DialStatus.ANSWER
    await asyncio.sleep(1.0)
    assert not talk.dial.task.done()
    assert colleague.is_talking
    assert talk.caller.is_up
    await colleague.hang_up()
    result = await talk.dial.result()
    assert (result.status, result.leg) == (DialStatus.ANSWER, talk.leg)
    assert result.talk is not None
    assert result.talk.total_seconds() > 1.5
    await talk.channel.play([WELCOME])
    await talk.caller.hears(WELCOME)
    await talk.caller.hang_up()


@rule
async def who_was_joined_with_a_caller_may_send_them_on(rig: Rig) -> None:
    talk, colleague, _, second = await consultation(rig)
    await talk.seat.joins()
    with pytest.raises(Hangup):
        await second.result()
    await asyncio.sleep(0.5)
    await colleague.transfer("1003")
    with pytest.raises(SentElsewhere):
        await talk.dial.result()
    again = await rig.next_call()
    told = (again.arrival.call, again.arrival.transferred_to, again.arrival.transferred_by)
    assert told == ("call-1", "1003", "1002")
    await again.play([WELCOME])
    await talk.caller.hears(WELCOME)
    await until(lambda: not colleague.is_talking, 3)
    await talk.caller.hang_up()


@rule
async def who_is_joined_while_the_engine_is_away_is_not_lost(rig: Rig) -> None:
    talk, colleague, _, _ = await consultation(rig)
    await rig.engine_dies()
    await talk.seat.joins()
    await until(lambda: not talk.seat.is_talking, 3)
    await rig.engine_returns()
    await asyncio.sleep(1.0)
    assert colleague.is_talking
    assert talk.caller.is_up
    await colleague.hang_up()
    again = await rig.next_call()
    assert again.arrival.call == "call-1"
    assert again.arrival.last_dial is not None
    told = again.arrival.last_dial
    assert (told.status, told.leg, told.party) == (DialStatus.ANSWER, talk.leg, "1001")
    async with asyncio.timeout(5):
        while not (orphans := await rig.pbx.orphans()):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert set(orphans) == {"call-2"}
    assert orphans["call-2"].dial is not None
    assert orphans["call-2"].dial.status is DialStatus.ANSWER
    await again.play([WELCOME])
    await talk.caller.hears(WELCOME)
    await talk.caller.hang_up()
