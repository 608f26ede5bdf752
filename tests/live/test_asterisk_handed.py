"""Moments of a phone that joins its two talks too early, as only a real Asterisk has them."""

import asyncio
from contextlib import suppress

import pytest

from callcenter.pbx.causes import Cause
from callcenter.pbx.port import (
    Dial,
    DialStatus,
    Hangup,
    LegEnded,
    LegId,
    Source,
    Transferred,
)
from tests.contract.rig import until
from tests.contract.rules_call import CALLER, WELCOME
from tests.contract.rules_handed import asks, is_over, is_sent_on, only_call_1_is_left, rings
from tests.contract.rules_lines import Dialling
from tests.contract.rules_talk import RING
from tests.live.asterisk_rig import AsteriskRig

pytestmark = [
    pytest.mark.live,
    pytest.mark.asterisk_only("FreeSWITCH refuses it to the phone"),
]


def held_back(rig: AsteriskRig) -> "tuple[asyncio.Event, asyncio.Event]":
    """Whom a phone handed over stays where Asterisk has put them; set when that is so, and to be
    set when they may be fetched."""
    there, may = asyncio.Event(), asyncio.Event()
    talks = rig.pbx._talks
    hand_over = talks.hand_over

    async def later(leg: LegId) -> None:
        there.set()
        await may.wait()
        await hand_over(leg)

    talks.hand_over = later  # type: ignore[method-assign]
    return there, may


async def test_who_leaves_before_being_fetched_has_ended_as_the_callers_call(
    rig: AsteriskRig,
) -> None:
    there, _ = held_back(rig)
    talk, colleague, second = await rings(rig)
    await talk.seat.joins()
    async with asyncio.timeout(5):
        await there.wait()
    await is_over(talk.dial)
    await talk.caller.hang_up()
    with pytest.raises(Hangup) as hangup:
        await second.result()
    assert hangup.value.ended.dial is not None
    assert hangup.value.ended.dial.status is DialStatus.CANCELLED
    leg = talk.channel.arrival.leg
    await until(lambda: any(isinstance(e, LegEnded) and e.leg == leg for e in rig.events))
    told = next(e for e in rig.events if isinstance(e, LegEnded) and e.leg == leg)
    assert told.call == "call-1"
    assert set(await rig.pbx.orphans()) == {"call-1"}
    await until(lambda: not colleague.is_ringing, 2)


async def test_a_colleague_who_answers_in_that_moment_is_rung_again(rig: AsteriskRig) -> None:
    there, may = held_back(rig)
    talk, colleague, second = await rings(rig)
    await talk.seat.joins()
    async with asyncio.timeout(5):
        await there.wait()
    colleague.picks_up()
    await until(lambda: second.answered is not None)
    may.set()
    with pytest.raises(Hangup):
        await second.result()
    again = await rig.next_call()
    is_sent_on(again.arrival, talk.channel.arrival, "1002")
    await until(lambda: not colleague.is_talking, 2)
    await again.adopt("call-1")
    third = Dialling(again, Dial(extension="1002", ring=RING))
    await until(lambda: colleague.is_ringing)
    assert colleague.presented == CALLER
    colleague.picks_up()
    await until(lambda: third.answered is not None)
    await only_call_1_is_left(rig)
    await talk.caller.hang_up()
    await is_over(talk.dial, third)


async def test_a_script_that_lets_go_in_that_moment_ends_nobody_elses_call(
    rig: AsteriskRig,
) -> None:
    there, _ = held_back(rig)
    colleague = await rig.seat("1002")
    colleague.never_answers()
    talk, asking = await asks(rig, "1002")
    second = Dialling(asking, Dial(extension="1002", ring=RING))
    await until(lambda: colleague.is_ringing)
    await talk.seat.joins()
    async with asyncio.timeout(5):
        await there.wait()
    colleague.phone.incoming[-1].reject(486)
    assert (await second.result()).status is DialStatus.BUSY
    await asking.release(Cause.BUSY)
    again = await rig.next_call()
    is_sent_on(again.arrival, talk.channel.arrival, "1002")
    await again.adopt("call-1")
    await again.play([WELCOME])
    await talk.caller.hears(WELCOME)
    await only_call_1_is_left(rig)
    await talk.caller.hang_up()
    await again.gone()
    await is_over(talk.dial)


async def test_who_was_called_by_the_phone_is_sent_on_too(rig: AsteriskRig) -> None:
    """The phone's first talk is one that it began: the other party has no script yet."""
    seat, called, colleague = [await rig.seat(number) for number in ("1001", "1003", "1002")]
    called.answers(after=0.1)
    colleague.never_answers()
    first = await rig.place_call("1001", "1003", source=Source.EXTENSION)
    channel = await rig.next_call()
    await channel.adopt("call-1")
    talk = Dialling(channel, Dial(extension="1003", ring=RING))
    await until(lambda: talk.answered is not None)
    await asyncio.sleep(0.3)
    await seat.calls("1002")
    asking = await rig.next_call()
    await asking.adopt("call-2")
    second = Dialling(asking, Dial(extension="1002", ring=RING))
    await until(lambda: colleague.is_ringing)
    assert seat.second is not None
    assert await first.call.refer_to(seat.second) == 202
    await is_over(second)
    again = await rig.next_call()
    told = (again.arrival.call, again.arrival.transferred_to, again.arrival.transferred_by)
    assert told == ("call-1", "1002", "1001")
    assert talk.answered is not None
    assert again.arrival.leg == talk.answered.leg
    assert again.arrival.endpoint == "1003"
    assert not [one for one in rig.events if isinstance(one, Transferred)]
    await called.hang_up()
    with suppress(Hangup):  # its phone leaves in the same moment
        await talk.result()
    assert await again.gone()


async def test_a_colleague_who_hangs_up_first_is_no_joining(rig: AsteriskRig) -> None:
    """The script of the phone that asked goes on at once."""
    await rig.seat("1001")
    colleague = await rig.seat("1002")
    colleague.answers(after=0.1)
    phone = await rig.place_call("1001", "1002", source=Source.EXTENSION)
    channel = await rig.next_call()
    await channel.adopt("call-1")
    asking = Dialling(channel, Dial(extension="1002", ring=RING))
    await until(lambda: asking.answered is not None)
    await asyncio.sleep(0.3)
    await colleague.hang_up()
    async with asyncio.timeout(2):
        assert (await asking.result()).status is DialStatus.ANSWER
    await phone.hang_up()
    await channel.gone()
