"""The contract, fourth part: outside numbers, several at once, what is heard before an answer."""

import asyncio
from datetime import timedelta

import pytest

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.port import (
    Channel,
    Dial,
    DialProgress,
    DialResult,
    DialStatus,
    Hangup,
    LegAnswered,
    LegRefused,
    LegRinging,
    Outside,
    colour_ring,
)
from tests.contract.rig import SOON, CallerPhone, Rig, rule, soon, until
from tests.contract.rules_call import CALLER, NUMBER, WELCOME, answered_call

RING = timedelta(seconds=10)
FIRST, SECOND = (
    Outside(number="2025550101", trunk="world"),
    Outside(number="2025550102", trunk="world"),
)


class Dialling:
    """A dial under way and what it told."""

    def __init__(self, channel: Channel, dial: Dial) -> None:
        self.told: list[DialProgress] = []
        self.task: asyncio.Future[DialResult] = asyncio.ensure_future(
            channel.dial(dial, self.told.append)
        )

    @property
    def answered(self) -> LegAnswered | None:
        """Who picked up."""
        return next((one for one in self.told if isinstance(one, LegAnswered)), None)

    @property
    def refused(self) -> set[tuple[str, DialStatus]]:
        """Who of several did not take it, and how."""
        return {(one.party, one.status) for one in self.told if isinstance(one, LegRefused)}

    async def result(self) -> DialResult:
        async with asyncio.timeout(15):
            return await self.task


async def unanswered_call(rig: Rig) -> tuple[CallerPhone, Channel]:
    """A caller whose call is ours and rings."""
    caller = await rig.place_call(CALLER, NUMBER)
    channel = await rig.next_call()
    await channel.adopt("call-1")
    return caller, channel


@rule
async def an_outside_number_is_rung_through_the_trunk(rig: Rig) -> None:
    line = await rig.outside(FIRST.number)
    line.answers(after=0.3)
    caller, channel = await answered_call(rig)
    dial = Dialling(channel, Dial(parties=(FIRST,), ring=RING))
    await until(lambda: line.is_talking)
    assert line.presented == CALLER
    await asyncio.sleep(0.5)
    await line.hang_up()
    result = await dial.result()
    assert (result.status, result.party) == (DialStatus.ANSWER, FIRST.number)
    assert dial.answered is not None
    assert (dial.answered.leg, dial.answered.party) == (result.leg, FIRST.number)
    await channel.play([WELCOME])
    await caller.hang_up()


@rule
async def the_number_shown_may_be_another(rig: Rig) -> None:
    line = await rig.outside(FIRST.number)
    line.rejects()
    caller, channel = await answered_call(rig)
    dial = Dialling(channel, Dial(parties=(FIRST,), ring=RING, presents="4008001234"))
    assert (await dial.result()).status is DialStatus.BUSY
    assert line.presented == "4008001234"
    await caller.hang_up()


@rule
async def of_several_the_first_to_answer_has_the_call(rig: Rig) -> None:
    seat, slow = await rig.seat("1001"), await rig.outside(SECOND.number)
    quick = await rig.outside(FIRST.number)
    seat.never_answers()
    slow.never_answers()
    quick.answers(after=1.0)
    caller, channel = await answered_call(rig)
    dial = Dialling(channel, Dial(parties=("1001", FIRST, SECOND), ring=RING))
    await until(lambda: seat.is_ringing and slow.is_ringing)
    await until(lambda: quick.is_talking)
    await until(lambda: not seat.is_ringing and not slow.is_ringing, SOON)
    await until(lambda: dial.answered is not None)
    await quick.hang_up()
    result = await dial.result()
    assert (result.status, result.party) == (DialStatus.ANSWER, FIRST.number)
    assert dial.answered is not None
    assert (dial.answered.party, dial.answered.leg) == (FIRST.number, result.leg)
    await caller.hang_up()


@rule
async def when_all_of_several_refuse_it_is_over(rig: Rig) -> None:
    seat, line = await rig.seat("1001"), await rig.outside(FIRST.number)
    seat.rejects()
    line.rejects()
    caller, channel = await answered_call(rig)
    dial = Dialling(channel, Dial(parties=("1001", FIRST), ring=RING))
    result = await dial.result()
    assert (result.status, result.party, dial.answered) == (DialStatus.BUSY, "", None)
    await caller.hang_up()


@rule
async def of_several_each_refusal_is_told(rig: Rig) -> None:
    busy, patient = await rig.seat("1001"), await rig.seat("1003")
    busy.rejects()
    patient.never_answers()
    caller, channel = await answered_call(rig)
    everyone = ("1001", "1002", "1003")  # nobody has registered 1002
    for whisper in ((), (WELCOME,)):
        dial = Dialling(channel, Dial(parties=everyone, ring=RING, whisper=whisper))
        wanted = {("1001", DialStatus.BUSY), ("1002", DialStatus.UNREACHABLE)}
        await until(lambda dial=dial, wanted=wanted: dial.refused == wanted)  # type: ignore[misc]
        await until(lambda: patient.is_ringing)
        assert [one.party for one in dial.told if isinstance(one, LegRinging)] == ["1003"]
        patient.picks_up()
        await until(lambda dial=dial: dial.answered is not None)  # type: ignore[misc]
        assert dial.answered is not None
        assert dial.answered.party == "1003"
        assert len(dial.refused) == 2
        await patient.hang_up()
        assert (await dial.result()).status is DialStatus.ANSWER
    await caller.hang_up()


@rule
async def an_unanswered_caller_hears_the_colour_ring_and_is_answered_by_the_answer(
    rig: Rig,
) -> None:
    seat = await rig.seat("1001")
    seat.never_answers()
    caller, channel = await unanswered_call(rig)
    dial = Dialling(channel, Dial(extension="1001", ring=RING, music=colour_ring(WELCOME)))
    await until(lambda: seat.is_ringing)
    await caller.hears_colour_ring(WELCOME)
    assert not caller.was_answered
    seat.picks_up()
    await until(lambda: seat.is_talking and caller.was_answered)
    await seat.hang_up()
    assert (await dial.result()).status is DialStatus.ANSWER
    await caller.hang_up()


@rule
async def music_before_the_answer_does_not_answer(rig: Rig) -> None:
    caller, channel = await unanswered_call(rig)
    await channel.music(colour_ring(WELCOME))
    await caller.hears_colour_ring(WELCOME)
    assert not caller.was_answered
    await caller.hang_up()
    await soon(channel.gone())


@rule
async def a_caller_may_leave_the_colour_ring(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.never_answers()
    caller, channel = await unanswered_call(rig)
    dial = Dialling(channel, Dial(extension="1001", ring=RING, music=""))
    await until(lambda: seat.is_ringing)
    await caller.hang_up()
    with pytest.raises(Hangup):
        await dial.result()
    await until(lambda: not seat.is_ringing, SOON)
    assert not caller.was_answered


@rule
async def what_is_no_number_is_not_dialled(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    for number in ("", "1&PJSIP", "12@x", "1/2", "${X}", "1" * 21, "++1", "1,2"):
        party = Outside(number=number, trunk="world")
        with pytest.raises(PbxProblem):
            await channel.dial(Dial(parties=(party,), ring=RING), lambda _: None)
    party = Outside(number="1", trunk="world&x")
    with pytest.raises(PbxProblem):
        await channel.dial(Dial(parties=(party,), ring=RING), lambda _: None)
    with pytest.raises(PbxProblem):
        await channel.dial(Dial(ring=RING), lambda _: None)
    assert caller.is_up
    await caller.hang_up()
