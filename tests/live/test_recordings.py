"""Recordings by real SIP: each side in its own channel, encrypted, exported, with nothing that was
paused; through transfers and the death of the engine."""

import asyncio
import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from callcenter.demo import ears
from callcenter.demo.ears import RATE, Samples
from tests.live.test_people import command
from tests.support.command import Command
from tests.support.phone import Call, Phone
from tests.support.site import DIALLED, Site, until

pytestmark = pytest.mark.live

CALLER, ADA, GRACE, CARD = 600.0, 1000.0, 1400.0, 1900.0
SENT = -15.0
LEFT, RIGHT = 0, 1
IN_IT, NOT_IN_IT = -30.0, -50.0


async def queued(site: Site, number: str = "13800000001") -> Call:
    """A caller who waits in the demo's queue."""
    call = await (await site.caller(number)).dial(DIALLED)
    await call.hears_sound(within=8)
    await call.press("1")
    return call


async def talks(call: Call, agent: Phone, mine: float) -> Call:
    """The agent picks up; both say their tones."""
    ringing = await agent.rings(within=20)
    await ringing.answer()
    ringing.play_tone(mine, dbfs=SENT)
    call.play_tone(CALLER, dbfs=SENT)
    await call.hears_tone(mine, within=5, lasting=0.6)
    await ringing.hears_tone(CALLER, within=5, lasting=0.3)
    return ringing


async def kept(site: Site, call: str, parts: int = 1) -> list[dict[str, Any]]:
    """The recordings of a call, in order, once all of them are kept."""

    def rows() -> list[dict[str, Any]] | None:
        found = site.client.ask("GET", f"/v1/recordings?call={call}")
        done = [row for row in found if row["state"] == "kept"]
        return done if len(done) >= parts else None

    found = await until(rows, 10, f"{parts} recordings of {call}")
    assert found is not None
    return sorted(found, key=lambda row: int(row["part"]))


async def exported(site: Site, recording: str, tmp_path: Path) -> Samples:
    """Its sound as the command writes it: one column for each side."""
    file = tmp_path / f"{recording}.wav"
    run = Command(home=site.settings.home, extra={})
    told = await asyncio.to_thread(run, "recording", "export", recording, str(file))
    assert told.status == 0, told.err
    return stereo(file.read_bytes())


def stereo(data: bytes) -> Samples:
    with wave.open(io.BytesIO(data)) as wav:
        assert (wav.getnchannels(), wav.getframerate()) == (2, RATE)
        return np.frombuffer(wav.readframes(wav.getnframes()), dtype="<i2").reshape(-1, 2)


def level(sound: Samples, side: int, tone: float, since: float = 0, until: float = 1e9) -> float:
    """Loudness of a tone in a stretch of one side (Goertzel)."""
    begin, end = round(since * RATE), round(min(until, len(sound) / RATE) * RATE)
    return ears.level(np.ascontiguousarray(sound[begin:end, side]), tone)


def loudest(sound: Samples, side: int, tone: float) -> float:
    """The tone's level in the quarter of a second that has most of it."""
    ends = np.arange(0.25, len(sound) / RATE, 0.25)
    return max(level(sound, side, tone, end - 0.25, end) for end in ends)


def order(sound: Samples, side: int, tones: tuple[float, ...]) -> list[float]:
    """Which tones follow each other on a side."""
    found: list[float] = []
    for end in np.arange(0.25, len(sound) / RATE, 0.25):
        heard = [one for one in tones if level(sound, side, one, end - 0.25, end) > IN_IT]
        if len(heard) == 1 and found[-1:] != heard:
            found += heard
    return found


async def test_a_call_is_recorded_encrypted_and_exported(site: Site, tmp_path: Path) -> None:
    agent = await site.agent("1001")
    call = await queued(site)
    await talks(call, agent, ADA)
    await call.hang_up()
    cdr = await site.cdr_of("13800000001")
    [row] = await kept(site, cdr["id"])
    assert (row["seats"], row["queues"], row["direction"]) == (["1001"], ["sales"], "inbound")
    stored = site.settings.recordings / row["path"]
    assert (stored.stat().st_mode & 0o777, stored.suffix) == (0o600, ".ccr")
    assert b"RIFF" not in stored.read_bytes()
    assert not list((site.settings.recordings / "raw").iterdir())
    sound = await exported(site, row["id"], tmp_path)
    assert level(sound, LEFT, CALLER) > IN_IT > NOT_IN_IT > level(sound, LEFT, ADA)
    assert level(sound, RIGHT, ADA) > IN_IT > NOT_IN_IT > level(sound, RIGHT, CALLER)
    assert "all are what was kept" in await command(site, "recording", "verify")
    assert row["id"] in await command(site, "recording", "list", "--seat", "1001")


async def test_what_is_said_in_a_pause_is_nowhere(site: Site, tmp_path: Path) -> None:
    agent = await site.agent("1001")
    call = await queued(site)
    ringing = await talks(call, agent, ADA)
    row = await site.call_is("13800000001", state="talking")
    assert "is paused" in await command(site, "call", "record", "pause", row["call"])
    call.play_tone(CARD, dbfs=SENT)
    ringing.play_tone(CARD, dbfs=SENT)
    await ringing.hears_tone(CARD, within=3, lasting=1.0)  # they go on hearing each other
    await call.hears_tone(CARD, within=3, lasting=0.3)
    call.play_tone(CALLER, dbfs=SENT)
    ringing.play_tone(ADA, dbfs=SENT)
    await ringing.hears_tone(CALLER, within=3, lasting=0.3)
    assert "goes on" in await command(site, "call", "record", "resume", row["call"])
    call.play_tone(GRACE, dbfs=SENT)  # another one, so that it is heard after the pause
    ringing.play_tone(GRACE, dbfs=SENT)
    await ringing.hears_tone(GRACE, within=3, lasting=1.0)
    await call.hears_tone(GRACE, within=3, lasting=1.0)
    await call.hang_up()
    cdr = await site.cdr_of("13800000001")
    [kept_row] = await kept(site, cdr["id"])
    sound = await exported(site, kept_row["id"], tmp_path)
    for side, tone in ((LEFT, CALLER), (RIGHT, ADA)):
        assert loudest(sound, side, CARD) < NOT_IN_IT
        assert level(sound, side, tone, 0.1, 0.6) > IN_IT
        assert level(sound, side, GRACE, len(sound) / RATE - 0.7, len(sound) / RATE - 0.2) > IN_IT
    assert len(sound) / RATE == pytest.approx(cdr["talk_seconds"], abs=0.3)  # in its place
    [pause] = kept_row["pauses"]
    assert pause["by"]
    assert pause["at"] < pause["until"]
    told = await command(site, "call", "explain", cdr["id"])
    assert "is paused by" in told
    assert "to be recorded: no rule for it, as usual" in told


async def has_a_part_of_each(site: Site, call: str, tmp_path: Path) -> None:
    """Two recordings: the caller's talk with Ada, and the one with Grace."""
    rows = await kept(site, call, 2)
    assert [row["seats"] for row in rows] == [["1001"], ["1002"]]
    for row, tone in zip(rows, (ADA, GRACE), strict=True):
        sound = await exported(site, row["id"], tmp_path)
        assert order(sound, RIGHT, (ADA, GRACE)) == [tone]
        assert CALLER in order(sound, LEFT, (CALLER,))


async def test_who_joins_two_talks_leaves_a_recorded_one(site: Site, tmp_path: Path) -> None:
    ada = await site.agent("1001")
    call = await queued(site)
    first = await talks(call, ada, ADA)
    grace = await site.agent("1002")
    await first.hold()
    consultation = ada.invite("1002")
    second = await grace.rings(within=5)
    await second.answer()
    second.play_tone(GRACE, dbfs=SENT)
    await consultation.hears_tone(GRACE, within=5)  # before that it is no talk: the next test
    await first.refer_to(consultation)
    await call.hears_tone(GRACE, within=5, lasting=0.5)
    row = await site.call_is("13800000001", state="talking")
    raw = site.settings.recordings / "raw"
    await until(lambda: any(raw.glob(f"{row['call']}-2.*")), why="the second talk to be recorded")
    await asyncio.sleep(1.0)  # what is said then is in it
    await call.hang_up()
    cdr = await site.cdr_of("13800000001")
    await has_a_part_of_each(site, cdr["id"], tmp_path)


@pytest.mark.asterisk_only("FreeSWITCH refuses it to the phone")
async def test_who_joins_while_a_colleague_still_rings_leaves_a_recorded_talk(
    site: Site, tmp_path: Path
) -> None:
    ada = await site.agent("1001")
    call = await queued(site)
    first = await talks(call, ada, ADA)
    grace = await site.agent("1002")
    await first.hold()
    consultation = ada.invite("1002")
    asked = await grace.rings(within=5)
    await consultation.ringing(within=5)
    assert await first.refer_to(consultation) == 202
    await first.ended(within=3)
    await site.seat_is("1001", state="wrap_up")
    await asked.ended(within=3)
    second = await talks(call, grace, GRACE)
    assert second.caller == "13800000001"
    row = await site.call_is("13800000001", state="talking")
    await site.seat_is("1002", state="talking", call=row["call"])
    assert [each["call"] for each in site.client.calls()] == [row["call"]]
    await second.hears_tone(CALLER, within=3, lasting=1.0)
    await call.hang_up()
    await site.seat_is("1002", state="wrap_up")
    cdr = await site.cdr_of("13800000001")
    legs = [(leg["seat"], leg["outcome"]) for leg in cdr["legs"][1:]]
    assert legs == [("1001", "answered"), ("1002", "answered")]
    seen = [
        until.when("ended") - talk.when("200") for talk, until in ((first, first), (second, call))
    ]
    told = [leg["talk_seconds"] for leg in cdr["legs"][1:]]
    assert told == pytest.approx(seen, abs=0.4)
    await has_a_part_of_each(site, cdr["id"], tmp_path)
    await site.nothing_left()


async def test_each_talk_is_a_part_and_nothing_is_lost(site: Site, tmp_path: Path) -> None:
    """Blind by a phone, an engine killed meanwhile, forced by a supervisor."""
    ada = await site.agent("1001")
    call = await queued(site)
    first = await talks(call, ada, ADA)
    grace = await site.agent("1002")
    await first.refer("1002")
    second = await talks(call, grace, GRACE)
    await site.kill_engine()
    await second.hears_tone(CALLER, within=3, lasting=0.5)
    await site.start_engine()
    await site.seat_is("1001", state="idle", within=10)
    row = await site.call_is("13800000001", state="talking")
    await command(site, "call", "transfer", row["call"], "--to=seat:1001")
    await talks(call, ada, ADA)
    await asyncio.sleep(0.7)
    await call.hang_up()
    cdr = await site.cdr_of("13800000001")
    rows = await kept(site, cdr["id"], 3)
    assert [row["seats"] for row in rows] == [["1001"], ["1002"], ["1001"]]
    assert len({row["sha256"] for row in rows}) == 3
    sounds = [await exported(site, row["id"], tmp_path) for row in rows]
    for sound, tone in zip(sounds, (ADA, GRACE, ADA), strict=True):
        assert order(sound, RIGHT, (ADA, GRACE)) == [tone]
        assert order(sound, LEFT, (CALLER,)) == [CALLER]
        assert loudest(sound, LEFT, tone) < NOT_IN_IT
    assert sum(map(len, sounds)) / RATE == pytest.approx(cdr["talk_seconds"], abs=0.4)
    assert cdr["recording_seconds"] == pytest.approx(cdr["talk_seconds"], abs=0.4)


async def test_an_agent_pauses_by_key_and_is_told(site: Site, tmp_path: Path) -> None:
    agent = await site.agent("1001")
    call = await queued(site)
    ringing = await talks(call, agent, ADA)
    await call.press("*1")  # a caller has no such key
    call.play_tone(CALLER, dbfs=-75)  # a tone would drown what the agent is told
    await ringing.press("*1")
    await ringing.hears(site.prompt("recording-paused"), within=5)
    assert not call.heard_prompt(site.prompt("recording-paused"))
    call.play_tone(CARD, dbfs=SENT)
    await ringing.hears_tone(CARD, within=3, lasting=0.5)
    call.play_tone(CALLER, dbfs=-75)
    await ringing.press("*2")
    await ringing.hears(site.prompt("recording-resumed"), within=5)
    call.play_tone(CALLER, dbfs=SENT)
    await ringing.hears_tone(CALLER, within=3, lasting=0.5)
    await call.hang_up()
    [row] = await kept(site, (await site.cdr_of("13800000001"))["id"])
    assert [pause["by"] for pause in row["pauses"]] == ["the telephone of seat 1001"]
    sound = await exported(site, row["id"], tmp_path)
    assert loudest(sound, LEFT, CARD) < NOT_IN_IT
    assert CALLER in order(sound, LEFT, (CALLER,))
