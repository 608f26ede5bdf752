"""The contract: a phone joins its two talks before the second one is a talk (S2).

It has called a colleague who still rings, or a script of ours; for the caller that is a transfer
to what the phone had dialled.
"""

import asyncio
from datetime import timedelta

import pytest

from callcenter.pbx.port import (
    Arrival,
    Channel,
    Dial,
    DialStatus,
    Hangup,
    LiveLeg,
    NodeLost,
    SentElsewhere,
    Transferred,
)
from tests.contract.rig import Rig, SeatPhone, rule, until
from tests.contract.rules_call import CALLER, WELCOME
from tests.contract.rules_lines import Dialling
from tests.contract.rules_talk import RING, Talk, talking

SHORT_RING = timedelta(seconds=3)
MENU = "4008005678"


async def asks(rig: Rig, dialled: str) -> tuple[Talk, Channel]:
    """A talk whose seat dials something on a second line; the channel of that."""
    talk = await talking(rig)
    await talk.seat.calls(dialled)
    asking = await rig.next_call()
    await asking.adopt("call-2")
    return talk, asking


async def rings(rig: Rig, ring: timedelta = RING) -> tuple[Talk, SeatPhone, Dialling]:
    """A talk whose seat has called the colleague at 1002, where it rings."""
    colleague = await rig.seat("1002")
    colleague.never_answers()
    talk, asking = await asks(rig, "1002")
    second = Dialling(asking, Dial(extension="1002", ring=ring))
    await until(lambda: colleague.is_ringing)
    return talk, colleague, second


def is_sent_on(now: Arrival, first: Arrival, to: str) -> None:
    """It is the same caller, whom the seat's phone has sent there."""
    assert (now.call, now.leg) == ("call-1", first.leg)
    assert (now.transferred_to, now.transferred_by) == (to, "1001")
    assert (now.source, now.caller) == (first.source, first.caller)
    assert (now.dialled, now.endpoint) == (first.dialled, first.endpoint)


async def is_over(*dials: Dialling) -> None:
    """For their scripts, whatever became of the channels."""
    for dial in dials:
        with pytest.raises((Hangup, NodeLost)):
            await dial.result()


async def only_call_1_is_left(rig: Rig) -> list[LiveLeg]:
    """Every channel is of the caller's call, once those that end have ended."""
    async with asyncio.timeout(5):
        while any(leg.call != "call-1" for leg in await rig.pbx.legs()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return await rig.pbx.legs()


@rule
async def a_phone_joins_while_the_colleague_still_rings(rig: Rig) -> None:
    talk, colleague, second = await rings(rig)
    await talk.seat.joins()
    with pytest.raises(SentElsewhere):
        await talk.dial.result()
    with pytest.raises(Hangup) as hangup:
        await second.result()
    assert hangup.value.ended.dial is not None
    assert hangup.value.ended.dial.status is DialStatus.CANCELLED
    again = await rig.next_call()
    is_sent_on(again.arrival, talk.channel.arrival, "1002")
    assert again.arrival.last_dial is not None
    assert again.arrival.last_dial.status is DialStatus.ANSWER
    await until(lambda: not colleague.is_ringing, 2)
    await until(lambda: not talk.seat.is_talking, 2)
    await again.adopt("call-1")
    third = Dialling(again, Dial(extension="1002", ring=RING))
    await until(lambda: colleague.is_ringing)
    assert colleague.presented == CALLER
    colleague.picks_up()
    await until(lambda: third.answered is not None)
    assert {leg.inbound for leg in await only_call_1_is_left(rig)} == {True, False}
    assert not [one for one in rig.events if isinstance(one, Transferred)]
    await colleague.hang_up()
    result = await third.result()
    assert third.answered is not None
    assert (result.status, result.leg) == (DialStatus.ANSWER, third.answered.leg)
    await again.play([WELCOME])
    await talk.caller.hears(WELCOME)
    await talk.caller.hang_up()
    assert (await again.gone()).cause is not None


@rule
async def a_phone_joins_its_caller_with_a_script(rig: Rig) -> None:
    """A queue, a menu: the caller comes to it, not to the place that the phone had there."""
    talk, asking = await asks(rig, MENU)
    await asking.answer()
    await asking.music("default")
    await talk.seat.joins()
    with pytest.raises(SentElsewhere):
        await talk.dial.result()
    async with asyncio.timeout(5):
        await asking.gone()
    again = await rig.next_call()
    is_sent_on(again.arrival, talk.channel.arrival, MENU)
    await until(lambda: not talk.seat.is_talking, 2)
    await again.adopt("call-1")
    await again.play([WELCOME])
    await talk.caller.hears(WELCOME)
    [leg] = await only_call_1_is_left(rig)
    assert (leg.leg, leg.inbound) == (talk.channel.arrival.leg, True)
    await talk.caller.hang_up()
    assert (await again.gone()).cause is not None


@rule
async def who_was_handed_over_too_early_may_be_so_again(rig: Rig) -> None:
    """The colleague, who has the caller now, does the same."""
    talk, colleague, second = await rings(rig)
    await talk.seat.joins()
    await is_over(talk.dial, second)
    again = await rig.next_call()
    await again.adopt("call-1")
    third = Dialling(again, Dial(extension="1002", ring=RING))
    await until(lambda: colleague.is_ringing)
    colleague.picks_up()
    await until(lambda: third.answered is not None)
    await asyncio.sleep(0.5)
    await colleague.calls(MENU)
    asking = await rig.next_call()
    await asking.adopt("call-3")
    await asking.answer()
    await colleague.joins()
    await is_over(third)
    last = await rig.next_call()
    told = (last.arrival.call, last.arrival.transferred_to, last.arrival.transferred_by)
    assert told == ("call-1", MENU, "1002")
    assert last.arrival.dialled == talk.channel.arrival.dialled
    await last.adopt("call-1")
    await only_call_1_is_left(rig)
    await talk.caller.hang_up()


@rule
async def who_is_handed_over_while_the_engine_is_away_is_not_lost(rig: Rig) -> None:
    talk, colleague, second = await rings(rig, SHORT_RING)
    await rig.engine_dies()
    await is_over(talk.dial, second)
    await talk.seat.joins()
    await until(lambda: not talk.seat.is_talking, 3)
    await rig.engine_returns()
    again = await rig.next_call()
    is_sent_on(again.arrival, talk.channel.arrival, "1002")
    await until(lambda: not colleague.is_ringing, 2)
    assert set(await rig.pbx.orphans()) == {"call-2"}
    await again.adopt("call-1")
    await again.play([WELCOME])
    await talk.caller.hears(WELCOME)
    await talk.caller.hang_up()


@rule
async def who_is_handed_over_under_another_engine_comes_to_it(rig: Rig) -> None:
    """Both talks began under one that has died; no script of either is left."""
    talk, colleague, second = await rings(rig)
    await rig.engine_dies()
    await is_over(talk.dial, second)
    await rig.engine_returns()
    await talk.seat.joins()
    again = await rig.next_call()
    is_sent_on(again.arrival, talk.channel.arrival, "1002")
    await until(lambda: not colleague.is_ringing, 2)
    await again.adopt("call-1")
    await only_call_1_is_left(rig)
    await talk.caller.hang_up()
    assert (await again.gone()).cause is not None


@rule
async def who_is_handed_over_and_leaves_without_an_engine_is_known_by_the_call(rig: Rig) -> None:
    talk, _, second = await rings(rig)
    await rig.engine_dies()
    await is_over(talk.dial, second)
    await talk.seat.joins()
    await until(lambda: not talk.seat.is_talking, 3)
    await talk.caller.hang_up()
    await rig.engine_returns()
    async with asyncio.timeout(5):
        while len(orphans := await rig.pbx.orphans()) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert set(orphans) == {"call-1", "call-2"}
