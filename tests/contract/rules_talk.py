"""The contract: talks are sent elsewhere, held, joined, overheard; texts; calls from our side."""

import asyncio
from datetime import timedelta

import pytest

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import (
    TEXT_BYTES,
    Channel,
    Dial,
    DialStatus,
    EavesdropMode,
    Hangup,
    LegHeld,
    LegId,
    LegResumed,
    MessageReceived,
    SentElsewhere,
    Source,
)
from tests.contract.rig import SOON, CallerPhone, Rig, SeatPhone, rule, soon, until
from tests.contract.rules_call import WELCOME, answered_call
from tests.contract.rules_lines import Dialling

RING = timedelta(seconds=10)


class Talk:
    """A caller and the seat 1001, joined."""

    caller: CallerPhone
    channel: Channel
    seat: SeatPhone
    dial: Dialling

    @property
    def leg(self) -> LegId:
        """The seat's."""
        assert self.dial.answered is not None
        return self.dial.answered.leg


async def talking(rig: Rig) -> Talk:
    talk = Talk()
    talk.seat = await rig.seat("1001")
    talk.seat.answers(after=0.1)
    talk.caller, talk.channel = await answered_call(rig)
    talk.dial = Dialling(talk.channel, Dial(extension="1001", ring=RING))
    await until(lambda: talk.dial.answered is not None)
    await asyncio.sleep(0.5)
    return talk


@rule
async def a_caller_sent_elsewhere_comes_back_with_the_call(rig: Rig) -> None:
    talk = await talking(rig)
    assert await rig.pbx.transfer(talk.channel.arrival.leg, "queue-sales")
    with pytest.raises(SentElsewhere):
        await talk.dial.result()
    again = await rig.next_call()
    arrival, first = again.arrival, talk.channel.arrival
    assert (arrival.call, arrival.leg) == ("call-1", first.leg)
    assert (arrival.transferred_to, arrival.transferred_by) == ("queue-sales", "")
    assert (arrival.source, arrival.caller) == (first.source, first.caller)
    assert (arrival.dialled, arrival.endpoint) == (first.dialled, first.endpoint)
    told = arrival.last_dial
    assert told is not None
    assert (told.status, told.leg) == (DialStatus.ANSWER, talk.leg)
    assert told.talk is not None
    assert 0.3 < told.talk.total_seconds() < 2
    await until(lambda: not talk.seat.is_talking, SOON)
    await again.adopt("call-1")
    await again.play([WELCOME])
    await talk.caller.hears(WELCOME)
    await talk.caller.hang_up()


@rule
async def guests_are_in_a_room_as_long_as_a_talk_is_there(rig: Rig) -> None:
    talk = await talking(rig)
    link = await rig.pbx.join_room(talk.leg, "room-1")
    assert link is not None
    first, second = await rig.seat("1002"), await rig.seat("1003")
    first.answers(after=0.1)
    second.answers(after=0.1)
    for extension in ("1002", "1003"):
        joined = await rig.pbx.invite("room-1", Dial(extension=extension, ring=RING))
        assert (joined.status, joined.party) == (DialStatus.ANSWER, extension)
        assert joined.leg is not None
    assert first.is_talking
    assert await rig.pbx.hangup(joined.leg, Cause.NORMAL)
    await until(lambda: not second.is_talking, SOON)
    assert first.is_talking
    assert talk.seat.is_talking
    second.rejects()
    refused = await rig.pbx.invite("room-1", Dial(extension="1003", ring=RING))
    assert refused.status is DialStatus.BUSY
    await talk.seat.hang_up()
    await until(lambda: not first.is_talking, SOON)
    assert (await talk.dial.result()).status is DialStatus.ANSWER
    assert await rig.pbx.join_room(talk.leg, "room-1") is None
    await talk.caller.hang_up()


@rule
async def a_talk_leaves_a_room_and_goes_on(rig: Rig) -> None:
    talk = await talking(rig)
    link = await rig.pbx.join_room(talk.leg, "room-2")
    assert link is not None
    guest = await rig.seat("1002")
    guest.answers(after=0.1)
    await rig.pbx.invite("room-2", Dial(extension="1002", ring=RING))
    assert await rig.pbx.hangup(link, Cause.NORMAL)
    await until(lambda: not guest.is_talking, SOON)
    assert talk.seat.is_talking
    assert talk.caller.is_up
    for room in ("", "a b", "x,y", "${X}"):
        with pytest.raises(PbxProblem):
            await rig.pbx.join_room(talk.leg, room)
    await talk.caller.hang_up()


@rule
async def guests_are_freed_with_the_talk_when_the_engine_is_another(rig: Rig) -> None:
    talk = await talking(rig)
    assert await rig.pbx.join_room(talk.leg, "room-3")
    guest = await rig.seat("1002")
    guest.answers(after=0.1)
    await rig.pbx.invite("room-3", Dial(extension="1002", ring=RING))
    await rig.engine_dies()
    await rig.engine_returns()
    assert guest.is_talking
    await talk.seat.hang_up()
    await until(lambda: not guest.is_talking, SOON)
    again = await rig.next_call()
    assert again.arrival.call == "call-1"
    await talk.caller.hang_up()


@rule
async def a_waiting_caller_may_be_sent_elsewhere(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    await channel.music("default")
    assert await rig.pbx.transfer(channel.arrival.leg, "1002")
    with pytest.raises(SentElsewhere):
        await soon(channel.gone()) if rig.pbx.node != "fake" else await channel.play([WELCOME])
    again = (await rig.next_call()).arrival
    assert (again.call, again.transferred_to, again.last_dial) == ("call-1", "1002", None)
    await caller.hang_up()


@rule
async def where_a_caller_was_sent_is_told_until_it_is_taken(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    await rig.pbx.transfer(channel.arrival.leg, "1002")
    assert (await rig.next_call()).arrival.transferred_to == "1002"
    await rig.engine_dies()
    await rig.engine_returns()
    again = await rig.next_call()
    assert again.arrival.transferred_to == "1002"
    await again.adopt("call-1")
    await rig.engine_dies()
    await rig.engine_returns()
    assert (await rig.next_call()).arrival.transferred_to == ""
    await caller.hang_up()


@rule
async def nobody_is_sent_to_a_strange_place(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    leg = channel.arrival.leg
    for to in ("", "h", "a b", "1,2", "${X}", "x" * 65, "-1"):
        with pytest.raises(PbxProblem):
            await rig.pbx.transfer(leg, to)
    await caller.hang_up()
    await channel.gone()
    assert not await rig.pbx.transfer(leg, "1002")


@rule
async def a_phone_transfers_blind_to_our_loop(rig: Rig) -> None:
    talk = await talking(rig)
    await talk.seat.transfer("1002")
    with pytest.raises(SentElsewhere):
        await talk.dial.result()
    again = await rig.next_call()
    arrival = again.arrival
    assert (arrival.call, arrival.leg) == ("call-1", talk.channel.arrival.leg)
    assert (arrival.transferred_to, arrival.transferred_by) == ("1002", "1001")
    assert (arrival.source, arrival.dialled) == (Source.TRUNK, talk.channel.arrival.dialled)
    assert arrival.last_dial is not None
    assert arrival.last_dial.status is DialStatus.ANSWER
    await again.play([WELCOME])  # a phone leaves when it is told that there is sound again
    await talk.caller.hears(WELCOME)
    await until(lambda: not talk.seat.is_talking, SOON)
    assert talk.caller.is_up
    await talk.caller.hang_up()


@rule
async def a_phone_on_hold_is_told_and_the_caller_hears_music(rig: Rig) -> None:
    talk = await talking(rig)
    await talk.seat.hold()
    await until(lambda: LegHeld(leg=talk.leg, call="call-1") in rig.events)
    await talk.caller.hears_music()
    await talk.seat.resume()
    await until(lambda: LegResumed(leg=talk.leg, call="call-1") in rig.events)
    await talk.seat.hang_up()
    assert (await talk.dial.result()).status is DialStatus.ANSWER
    await talk.caller.hang_up()


async def overheard(rig: Rig, talk: Talk, mode: EavesdropMode) -> tuple[SeatPhone, LegId]:
    """A supervisor at 1003 listens."""
    chief = await rig.seat("1003")
    chief.answers(after=0.2)
    listening = await rig.pbx.eavesdrop(talk.leg, Dial(extension="1003", ring=RING), mode)
    assert (listening.status, listening.party) == (DialStatus.ANSWER, "1003")
    assert listening.leg is not None
    assert chief.is_talking
    return chief, listening.leg


@rule
async def who_listens_may_leave_without_harm(rig: Rig) -> None:
    talk = await talking(rig)
    chief, leg = await overheard(rig, talk, EavesdropMode.MONITOR)
    for mode in EavesdropMode:
        assert await rig.pbx.set_eavesdrop_mode(leg, mode)
    await chief.hang_up()
    await asyncio.sleep(0.5)
    assert talk.seat.is_talking
    assert not talk.dial.task.done()
    assert not await rig.pbx.set_eavesdrop_mode(leg, EavesdropMode.BARGE)
    await talk.seat.hang_up()
    await talk.dial.result()
    await talk.caller.hang_up()


@rule
async def who_listens_is_freed_when_the_talk_ends(rig: Rig) -> None:
    talk = await talking(rig)
    chief, _ = await overheard(rig, talk, EavesdropMode.WHISPER)
    await talk.seat.hang_up()
    await until(lambda: not chief.is_talking, SOON)
    await talk.dial.result()
    gone = await rig.pbx.eavesdrop(
        talk.leg, Dial(extension="1003", ring=RING), EavesdropMode.MONITOR
    )
    assert gone == type(gone)(status=DialStatus.CANCELLED)
    await talk.caller.hang_up()


@rule
async def who_is_to_listen_rings_no_longer_than_the_talk(rig: Rig) -> None:
    talk = await talking(rig)
    chief = await rig.seat("1003")
    chief.answers(after=2.0)
    listener = Dial(extension="1003", ring=RING)
    ringing = asyncio.ensure_future(rig.pbx.eavesdrop(talk.leg, listener, EavesdropMode.MONITOR))
    await asyncio.sleep(0.5)
    await talk.seat.hang_up()
    async with asyncio.timeout(5):
        assert (await ringing).status is DialStatus.CANCELLED
    assert not chief.is_talking
    await talk.dial.result()
    await talk.caller.hang_up()


@rule
async def a_listener_who_is_not_there_is_no_listener(rig: Rig) -> None:
    talk = await talking(rig)
    listener = Dial(extension="1003", ring=RING)
    result = await rig.pbx.eavesdrop(talk.leg, listener, EavesdropMode.MONITOR)
    assert result.status is DialStatus.UNREACHABLE
    chief = await rig.seat("1003")
    chief.rejects()
    result = await rig.pbx.eavesdrop(talk.leg, listener, EavesdropMode.MONITOR)
    assert result.status is DialStatus.BUSY
    await talk.seat.hang_up()
    await talk.dial.result()
    await talk.caller.hang_up()


@rule
async def a_listener_can_be_hung_up(rig: Rig) -> None:
    talk = await talking(rig)
    chief, leg = await overheard(rig, talk, EavesdropMode.BARGE)
    assert await rig.pbx.hangup(leg, Cause.NORMAL)
    await until(lambda: not chief.is_talking, SOON)
    assert talk.seat.is_talking
    await talk.caller.hang_up()
    with pytest.raises(Hangup):
        await talk.dial.result()


@rule
async def a_text_reaches_a_phone(rig: Rig) -> None:
    seat = await rig.seat("1001")
    text = '你好, 1001: "${X}" & こんにちは\r\nSubject: no header'.replace("\r", "")
    assert await rig.pbx.message("1002", "1001", text)
    await until(lambda: seat.texts == [text])
    longest = "电" * (TEXT_BYTES // 3)
    assert await rig.pbx.message("1002", "1001", longest)
    await until(lambda: seat.texts == [text, longest])
    assert not await rig.pbx.message("1002", "1003", "nobody there")
    for wrong in ("", "  ", "x" * (TEXT_BYTES + 1), "bell\x07", "a\rb"):
        with pytest.raises(PbxProblem):
            await rig.pbx.message("1002", "1001", wrong)


@rule
async def a_text_from_a_phone_is_told(rig: Rig) -> None:
    seat = await rig.seat("1001")
    text = '王: "ok", ${CC_CALL}\nEvent: Hangup\n第二行'
    await seat.text("1002", text)
    await seat.text("1002", "another")
    told = [MessageReceived(sender="1001", to="1002", text=each) for each in (text, "another")]

    def heard() -> list[MessageReceived]:
        return [event for event in rig.events if isinstance(event, MessageReceived)]

    await until(lambda: told[-1] in rig.events)
    assert heard() == told


@rule
async def a_seat_that_we_ring_arrives_with_its_call(rig: Rig) -> None:
    seat, other = await rig.seat("1001"), await rig.seat("1002")
    seat.answers(after=0.2)
    other.answers(after=0.2)
    first = Dial(extension="1001", ring=RING, presents="4008001234")
    rung = await rig.pbx.originate(first, call="call-9", dialled="2025550101")
    assert (rung.status, rung.party) == (DialStatus.ANSWER, "1001")
    channel = await rig.next_call()
    arrival = channel.arrival
    assert (arrival.call, arrival.leg) == ("call-9", rung.leg)
    assert (arrival.source, arrival.endpoint) == (Source.ORIGINATED, "1001")
    assert arrival.dialled == "2025550101"
    await channel.adopt("call-9")
    dial = Dialling(channel, Dial(extension="1002", ring=RING))
    await until(lambda: dial.answered is not None)
    await other.hang_up()
    assert (await dial.result()).status is DialStatus.ANSWER
    await channel.release(Cause.NORMAL)


@rule
async def a_seat_that_does_not_answer_us_brings_no_call(rig: Rig) -> None:
    first = Dial(extension="1001", ring=timedelta(seconds=1))
    missing = await rig.pbx.originate(first, call="call-9", dialled="1002")
    assert missing.status is DialStatus.UNREACHABLE
    seat = await rig.seat("1001")
    seat.rejects()
    assert (await rig.pbx.originate(first, call="call-9", dialled="1002")).status is DialStatus.BUSY
    seat.never_answers()
    result = await rig.pbx.originate(first, call="call-9", dialled="1002")
    assert result.status is DialStatus.NO_ANSWER
    await until(lambda: not seat.is_ringing, SOON)
