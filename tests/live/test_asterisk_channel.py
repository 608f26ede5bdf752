"""What only a real Asterisk can show of the adapter: sides of a recording, causes, redirects."""

import asyncio
from datetime import timedelta

import pytest

from callcenter.demo import ears as audio
from callcenter.pbx.asterisk.ami import AmiLink
from callcenter.pbx.port import (
    Channel,
    Dial,
    DialResult,
    DialStatus,
    Ended,
    Hangup,
    LegHeld,
    LegResumed,
    NodeLost,
    Prompt,
    record_sides,
)
from tests.contract.rig import soon, until
from tests.contract.rules_call import MENU, WELCOME
from tests.contract.rules_talk import talking
from tests.live.asterisk_rig import AsteriskRig, SipCaller
from tests.support.phone import IncomingCall, reject

pytestmark = [
    pytest.mark.live,
    pytest.mark.asterisk_only("what its adapter does that the rules of the port do not ask"),
]


async def answered(rig: AsteriskRig) -> tuple[SipCaller, Channel]:
    """A caller whose call is ours and answered."""
    caller = await rig.place_call("13800000001", "4008001234")
    channel = await rig.next_call()
    await channel.adopt("call-1")
    await channel.answer()
    await caller.call.answered()
    return caller, channel


def dial(channel: Channel, *, ring: float = 10) -> "asyncio.Future[DialResult]":
    """Ring 1001."""
    wanted = Dial(extension="1001", ring=timedelta(seconds=ring))
    return asyncio.ensure_future(channel.dial(wanted, lambda told: None))


async def test_each_side_of_a_recording_holds_one_voice_and_both_begin_together(
    rig: AsteriskRig,
) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.5)
    caller, channel = await answered(rig)
    caller.call.play_tone(440)
    path = rig.folder / "day 1" / "王.wav"
    await channel.record(path)
    talk = dial(channel)
    ringing = await seat.phone.rings()
    await until(lambda: seat.is_talking)
    await asyncio.sleep(1.0)
    ringing.play_tone(880)  # the seat speaks a second later than the caller
    await asyncio.sleep(1.5)
    await seat.hang_up()
    result = await talk
    await channel.stop_recording()
    said, heard = (audio.read_wav(side) for side in record_sides(path))
    assert result.talk is not None
    assert len(said) == pytest.approx(len(heard), abs=160)
    assert len(said) / audio.RATE == pytest.approx(result.talk.total_seconds(), abs=0.2)
    late = slice(round(1.3 * audio.RATE), round(2.3 * audio.RATE))
    early = slice(round(0.1 * audio.RATE), round(0.8 * audio.RATE))
    assert audio.has_tone(said[early], 440)
    assert audio.has_tone(said[late], 440)
    assert audio.rms(heard[early]) < -60, "music of the waiting is not recorded"
    assert audio.has_tone(heard[late], 880)
    await caller.hang_up()


async def test_a_silent_caller_leaves_a_side_of_silence_of_the_same_length(
    rig: AsteriskRig,
) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.2)
    caller, channel = await answered(rig)
    caller.call.mute()
    path = rig.folder / "muted.wav"
    await channel.record(path)
    talk = dial(channel)
    await until(lambda: seat.is_talking)
    seat.phone.incoming[0].play_tone(880)
    await asyncio.sleep(1.5)
    await caller.hang_up()
    with pytest.raises(Hangup):
        await talk
    said, heard = (audio.read_wav(side) for side in record_sides(path))
    assert len(said) == pytest.approx(len(heard), abs=800)
    assert audio.has_tone(heard[4000:8000], 880)
    assert audio.rms(said) < -60


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (486, DialStatus.BUSY),
        (600, DialStatus.BUSY),
        (603, DialStatus.BUSY),
        (480, DialStatus.NO_ANSWER),
        (404, DialStatus.UNREACHABLE),
        (503, DialStatus.CONGESTION),
    ],
)
async def test_sip_answers_of_a_seat(rig: AsteriskRig, answer: int, status: DialStatus) -> None:
    seat = await rig.seat("1001")
    seat.phone.on_ring = reject(answer)
    caller, channel = await answered(rig)
    result = await soon(dial(channel))
    assert isinstance(result, DialResult)
    assert result.status is status
    await caller.hang_up()


async def test_a_phone_that_does_not_respond_at_all_rings_out(rig: AsteriskRig) -> None:
    async def ignore(call: IncomingCall) -> None:
        call.ignore()

    seat = await rig.seat("1001")
    seat.phone.on_ring = ignore
    caller, channel = await answered(rig)
    result = await dial(channel, ring=2)
    assert result.status in (DialStatus.NO_ANSWER, DialStatus.UNREACHABLE)
    await channel.play([Prompt("en/goodbye")])
    await caller.hang_up()


async def test_a_phone_that_picks_up_without_ringing_is_told_as_both(rig: AsteriskRig) -> None:
    async def pick_up(call: IncomingCall) -> None:
        call.pick_up()

    seat = await rig.seat("1001")
    seat.phone.on_ring = pick_up
    caller, channel = await answered(rig)
    told: list[str] = []
    talk = asyncio.ensure_future(
        channel.dial(
            Dial(extension="1001", ring=timedelta(seconds=5)),
            lambda progress: told.append(type(progress).__name__),
        )
    )
    await until(lambda: len(told) == 2)
    assert told == ["LegRinging", "LegAnswered"]
    await caller.hang_up()
    with pytest.raises(Hangup):
        await talk


async def test_a_caller_who_hangs_up_in_the_instant_of_the_answer(rig: AsteriskRig) -> None:
    for delay in (0.0, 0.002, 0.005, 0.02):
        seat = await rig.seat("1001")
        seat.never_answers()
        caller, channel = await answered(rig)
        talk = dial(channel)
        ringing = await seat.phone.rings()
        ringing.pick_up()
        await asyncio.sleep(delay)
        caller.call.drop()
        with pytest.raises(Hangup) as hangup:
            await soon(talk)
        ended = hangup.value.ended
        assert ended.dial is not None
        assert ended.dial.status in (DialStatus.ANSWER, DialStatus.CANCELLED)
        await ringing.ended()
        await seat.phone.close()


async def test_a_redirect_is_not_taken_for_a_hangup(rig: AsteriskRig) -> None:
    caller, channel = await answered(rig)
    waiting = asyncio.ensure_future(channel.gone())
    up = asyncio.Event()
    state = rig.state
    link = AmiLink(
        host="127.0.0.1",
        port=state.ami_port,
        user=state.ami_user,
        secret=state.ami_secret,
        on_message=lambda message: None,
        on_up=up.set,
        on_down=lambda why: None,
    )
    link.start()
    await soon(up.wait())
    await link.ask(
        {
            "Action": "Redirect",
            "Channel": channel.arrival.leg.partition("/")[2],
            "Context": "cc-loop",
            "Exten": "s",
            "Priority": "1",
        }
    )
    await link.stop()
    with pytest.raises(NodeLost):
        await soon(waiting)
    again = await rig.next_call()
    assert (again.arrival.call, again.arrival.leg) == ("call-1", channel.arrival.leg)
    await again.play([Prompt("en/goodbye")])
    await caller.hang_up()
    assert isinstance(await soon(again.gone()), Ended)


async def test_a_missing_prompt_is_skipped(rig: AsteriskRig) -> None:
    caller, channel = await answered(rig)
    missing = [Prompt("en/no-such-prompt"), Prompt("../../etc/passwd"), Prompt("en/goodbye")]
    assert await soon(channel.play(missing)) == ""
    await caller.hears(Prompt("en/goodbye"))
    await caller.hang_up()


async def test_a_strange_name_and_number_arrive_harmless(rig: AsteriskRig) -> None:
    caller = await rig.place_call(
        "+86138;0001", "400\\,x&y", name="张\\三 ${HANGUPCAUSE}, agi_arg_1: z"
    )
    arrival = (await rig.next_call()).arrival
    print(arrival)
    assert arrival.caller in ("+861380001", "+86138")
    assert set(arrival.dialled) <= set("0123456789abcdefghijklmnopqrstuvwxyz+*#")
    assert "张" in arrival.caller_name
    await caller.hang_up()


async def test_a_withheld_number_is_empty(rig: AsteriskRig) -> None:
    caller = await rig.place_call("anonymous", "4008001234", name="Anonymous")
    arrival = (await rig.next_call()).arrival
    assert (arrival.caller, arrival.caller_name) == ("", "")
    await caller.hang_up()


async def test_a_caller_on_hold_hears_words_and_then_music_again(rig: AsteriskRig) -> None:
    talk = await talking(rig)
    await talk.seat.hold()
    await until(lambda: LegHeld(leg=talk.leg, call="call-1") in rig.events)
    assert await rig.pbx.say(talk.channel.arrival.leg, [WELCOME], both=False)
    await talk.caller.hears(WELCOME)
    await talk.caller.hears_music()
    await talk.seat.resume()
    await until(lambda: LegResumed(leg=talk.leg, call="call-1") in rig.events)
    assert await rig.pbx.say(talk.leg, [MENU], both=False)
    await talk.seat.hears(MENU)
    await talk.caller.hang_up()
