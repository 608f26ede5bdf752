"""What is recorded, by which rule, and what becomes of it (row R1)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from callcenter.acd import StrategyName, save_queue
from callcenter.calls import RecordingSkipped
from callcenter.calls.explaining import moments_of
from callcenter.calls.store import get_moments
from callcenter.demo import ears
from callcenter.demo.tape import measured
from callcenter.kernel.errors import NotFound, Refused
from callcenter.numbers import Extension, Trunk, save_extension, save_trunk
from callcenter.pbx.fake import FakeCaller
from callcenter.pbx.port import PauseKey, Source
from callcenter.records import Direction, Recording, RecordingRule, Storage
from callcenter.records.recording_store import (
    Wanted,
    change_recording,
    find_recordings,
    recordings_of,
)
from callcenter.records.retention import SWEEP_SECONDS
from callcenter.records.rule_store import save_rule
from callcenter.records.vault import Opened
from tests.live.test_recordings import level, stereo
from tests.support.world import World


async def rules(world: World, *made: RecordingRule) -> None:
    with world.database.begin() as connection:
        for rule in made:
            save_rule(connection, rule)
    assert world.engine is not None
    await world.engine.reload()


async def talks(world: World, seconds: float = 10) -> FakeCaller:
    """A caller who is served by a seat; 1001 unless it is not logged in."""
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=8 + seconds)
    return alice


async def recorded(world: World, call: str) -> list[Recording]:
    assert world.engine is not None
    await world.passes(seconds=2)
    await world.engine.projector.settled()
    with world.database.connect() as connection:
        return recordings_of(connection, call)


def sound_of(world: World, found: Recording) -> Path:
    assert world.engine is not None
    opened = Opened(world.folder / "recordings" / found.path, world.engine.recordings.keys.key)
    file = world.folder / f"{found.id}.wav"
    file.write_bytes(b"".join(opened.read()))
    return file


async def story(world: World, call: str) -> str:
    with world.database.connect() as connection:
        moments = get_moments(connection, call)
    assert moments is not None
    return " ".join(moment.what for moment in moments)


async def ended(world: World, alice: FakeCaller) -> tuple[Any, list[Recording]]:
    alice.hangs_up()
    cdr = (await world.cdrs())[-1]
    return cdr, await recorded(world, cdr.id)


async def test_a_talk_is_kept_with_its_hashes_and_those_it_is_about(world: World) -> None:
    await world.logs_in("1001")
    cdr, [found] = await ended(world, await talks(world))
    assert (found.state, found.seats, found.queues) == ("kept", ("1001",), ("sales",))
    assert (found.tenant, found.direction) == ("acme", Direction.INBOUND)
    tape = measured(sound_of(world, found))
    assert tape.sha256 == found.sha256 == cdr.sha256
    assert tape.seconds == found.seconds == cdr.recording_seconds
    assert tape.seconds == pytest.approx(cdr.talk_seconds, abs=0.05)
    assert tape.caller_rms == found.caller_rms == cdr.caller_rms
    with world.database.connect() as connection:
        for wanted in (Wanted(seat="1001"), Wanted(queue="sales"), Wanted(number=found.number)):
            assert [one.id for one in find_recordings(connection, wanted)] == [found.id]
        assert find_recordings(connection, Wanted(seat="1002")) == []
        assert find_recordings(connection, Wanted(tenants=frozenset({"other"}))) == []


async def test_a_queues_rule_goes_before_a_tenants_and_never_before_all(world: World) -> None:
    await world.logs_in("1001")
    await rules(
        world,
        RecordingRule(name="none", tenant="acme", percentage=0),
        RecordingRule(name="sales", tenant="acme", queue="sales", keep_days=30),
    )
    cdr, [found] = await ended(world, await talks(world))
    assert (found.rule, found.keep_days) == ("sales", 30)
    assert "Is to be recorded: rule sales (queue sales, tenant acme)." in await story(world, cdr.id)
    await rules(world, RecordingRule(name="by law", number=found.number, never=True))
    await world.passes(seconds=20)
    cdr, nothing = await ended(world, await talks(world))
    assert (nothing, cdr.recording, cdr.recording_due) == ([], "", False)
    told = await story(world, cdr.id)
    assert "Is not to be recorded: rule by law (number 4008001234) says never." in told


async def test_of_two_phones_that_ring_the_seat_that_answers_decides(world: World) -> None:
    assert world.engine is not None
    plan = world.engine.snapshot.now.plan.queues["sales"]
    with world.database.begin() as connection:
        save_queue(connection, replace(plan, strategy=StrategyName.RING_ALL))
    await rules(world, RecordingRule(name="not ada", tenant="acme", seat="1001", never=True))
    for seat in ("1001", "1002"):
        await world.logs_in(seat)
    world.phone("1001").answers_after = None
    cdr, [found] = await ended(world, await talks(world))
    assert (cdr.seat, found.seats) == ("1002", ("1002",))
    world.phone("1001").answers_after, world.phone("1002").answers_after = 1.0, None
    await world.passes(seconds=20)
    cdr, nothing = await ended(world, await talks(world))
    assert (cdr.seat, nothing) == ("1001", [])


async def test_a_caller_is_told_before_the_queue_and_only_once(world: World) -> None:
    await world.logs_in("1001")
    await rules(world, RecordingRule(name="tell", tenant="acme", announce=True))
    alice = await talks(world)
    assert alice.heard.count("recording-notice") == 1
    assert alice.heard.index("please-wait") < alice.heard.index("recording-notice")
    cdr, [found] = await ended(world, alice)
    assert found.announced
    assert "Is told that the talk will be recorded." in await story(world, cdr.id)


async def test_who_is_called_outside_is_told_before_being_joined(world: World) -> None:
    with world.database.begin() as connection:
        save_trunk(connection, Trunk(name="world", match="127.0.0.3", contact="127.0.0.3:5060"))
        ada = Extension(number="1001", tenant="acme", secret="unused", outside=True)
        save_extension(connection, ada)
    await rules(
        world,
        RecordingRule(name="out", tenant="acme", direction=Direction.OUTBOUND, announce=True),
    )
    outside = world.pbx.outside("13900000001")
    outside.answers_after = 1.0
    caller = world.pbx.place_call("1001", "13900000001", source=Source.EXTENSION)
    await world.passes(seconds=15)
    assert outside.heard == ["recording-notice"]
    _, [found] = await ended(world, caller)
    assert (found.direction, found.rule, found.announced) == ("outbound", "out", True)


async def test_what_is_said_in_a_pause_is_silence_in_its_place(world: World) -> None:
    assert world.engine is not None
    recorder = world.engine.context.recorder
    await world.logs_in("1001")
    alice = await talks(world, seconds=5)
    call = alice.call
    await recorder.pause(call, "ann")
    await recorder.pause(call, "bob")  # once more is harmless
    await world.passes(seconds=4)
    await recorder.resume(call, "ann")
    await world.passes(seconds=5)
    cdr, [found] = await ended(world, alice)
    assert [(pause.by, (pause.until - pause.at).total_seconds()) for pause in found.pauses] == [
        ("ann", 4.0)
    ]
    file = sound_of(world, found)
    assert measured(file).seconds == pytest.approx(cdr.talk_seconds, abs=0.05)
    begin = (found.pauses[0].at - found.started_at).total_seconds()
    for side in (0, 1):
        sound = stereo(file.read_bytes())
        assert level(sound, side, 440, begin + 0.1, begin + 3.9) == ears.FLOOR
        assert level(sound, side, 440, 0, begin - 0.1) > -20
        assert level(sound, side, 440, begin + 4.1) > -20
    with pytest.raises(NotFound):
        await recorder.pause(call, "ann")


async def test_music_on_hold_is_left_out_where_the_rule_says_so(world: World) -> None:
    await rules(world, RecordingRule(name="quiet", tenant="acme", pause_on_hold=True))
    await world.logs_in("1001")
    alice = await talks(world, seconds=3)
    world.pbx.talks.holds(world.phone("1001"))
    await world.passes(seconds=5)
    world.pbx.talks.holds(world.phone("1001"), on=False)
    await world.passes(seconds=3)
    _, [found] = await ended(world, alice)
    assert [pause.by for pause in found.pauses] == ["hold"]


async def test_by_hand_it_stops_for_good_and_never_means_never(world: World) -> None:
    assert world.engine is not None
    recorder = world.engine.context.recorder
    await world.logs_in("1001")
    alice = await talks(world)
    await recorder.stop(alice.call, "ann")
    with pytest.raises(Refused):
        await recorder.pause(alice.call, "ann")
    await world.passes(seconds=3)
    await recorder.start(alice.call, "ann")
    await world.passes(seconds=5)
    cdr, parts = await ended(world, alice)
    assert [part.part for part in parts] == [1, 2]
    assert sum(part.seconds for part in parts) == pytest.approx(cdr.talk_seconds - 3, abs=0.1)
    assert cdr.recording_seconds == pytest.approx(cdr.talk_seconds - 3, abs=0.1)
    await rules(world, RecordingRule(name="law", tenant="acme", never=True))
    await world.passes(seconds=20)
    alice = await talks(world)
    with pytest.raises(Refused, match="says never"):
        await recorder.start(alice.call, "ann")


async def test_each_talk_after_a_transfer_is_a_part_of_its_own(world: World) -> None:
    for seat in ("1001", "1002"):
        await world.logs_in(seat)
    alice = await talks(world)
    first = world.phone("1001") if world.phone("1001").picked_up else world.phone("1002")
    other = "1002" if first.extension == "1001" else "1001"
    world.pbx.talks.refers(first, other)
    await world.passes(seconds=12)
    cdr, parts = await ended(world, alice)
    assert [part.seats for part in parts] == [(first.extension,), (other,)]
    assert sum(part.seconds for part in parts) == pytest.approx(cdr.talk_seconds, abs=0.1)


async def test_who_comes_from_another_talk_hears_music_while_its_recording_ends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The PBX may take half a second for it."""
    for seat in ("1001", "1002"):
        await world.logs_in(seat)
    alice = await talks(world)
    first = world.phone("1001") if world.phone("1001").picked_up else world.phone("1002")
    heard: list[str | None] = []
    stop = alice.stop_recording
    monkeypatch.setattr(alice, "stop_recording", lambda: (heard.append(alice.music), stop()))
    world.pbx.talks.refers(first, "1002" if first.extension == "1001" else "1001")
    await world.passes(seconds=2)
    assert heard
    assert all(heard)
    await ended(world, alice)


async def test_an_engine_that_dies_loses_nothing(world: World) -> None:
    await world.logs_in("1001")
    alice = await talks(world, seconds=5)
    await world.engine_dies()
    await world.passes(seconds=5)
    alice.hangs_up()
    await world.start()
    await world.passes(seconds=5)
    cdr = (await world.cdrs())[-1]
    [found] = await recorded(world, cdr.id)
    assert (found.state, found.seats) == ("kept", ("1001",))
    assert found.seconds == pytest.approx(cdr.talk_seconds, abs=0.1)
    assert not list((world.folder / "recordings" / "raw").iterdir())


@pytest.fixture
async def full(tmp_path: Path) -> AsyncIterator[World]:
    """An engine whose disk has never enough room."""
    made = World(tmp_path)
    made.storage = Storage(
        folder=tmp_path / "recordings", master_key=tmp_path / "key", min_free_mb=1 << 40
    )
    await made.start()
    yield made
    await made.stop()


async def test_a_full_disk_stops_recordings_and_no_call(full: World) -> None:
    assert full.engine is not None
    await full.logs_in("1001")
    alice = await talks(full)
    open_call = full.engine.ledger.open[alice.call]
    assert any(isinstance(event, RecordingSkipped) for event in open_call.events)
    assert "Cannot be recorded: the disk is full" in " ".join(
        moment.what for moment in moments_of(open_call.events)
    )
    cdr, parts = await ended(full, alice)
    assert (cdr.result, cdr.recording_due, cdr.recording, parts) == ("answered", True, "", [])
    kept = full.engine.recordings
    assert (kept.skipped, kept.trouble[:16]) == (1, "the disk is full")


async def test_what_cannot_be_kept_now_is_kept_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world.engine is not None
    kept = world.engine.recordings
    await world.logs_in("1001")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("callcenter.records.vault.os.open", full)
        cdr, [found] = await ended(world, await talks(world))
        assert (found.state, cdr.result, cdr.recording) == ("raw", "answered", "")
        assert (kept.waiting, "No space left" in kept.trouble) == (1, True)
    await world.passes(minutes=1)
    [found] = await recorded(world, cdr.id)
    assert (found.state, kept.waiting, kept.trouble) == ("kept", 0, "")
    cdr = (await world.cdrs())[-1]
    assert (cdr.recording, cdr.sha256) == (found.path, found.sha256)


async def test_time_is_up_but_what_is_held_stays(world: World) -> None:
    assert world.engine is not None
    await world.logs_in("1001")
    await rules(world, RecordingRule(name="short", tenant="acme", keep_days=1))
    found = []
    for _ in range(2):
        _, [one] = await ended(world, await talks(world))
        found.append(one)
        await world.passes(seconds=20)
    with world.database.begin() as connection:
        change_recording(connection, found[0].id, hold="a court asks")
    await world.passes(minutes=60 * 24 + 2 * SWEEP_SECONDS / 60)
    files = [world.folder / "recordings" / one.path for one in found]
    assert [file.exists() for file in files] == [True, False]
    [gone] = await recorded(world, found[1].call)
    assert (gone.state, gone.removed_why) == ("removed", "kept for 1 days")
    assert gone.removed_at is not None
    assert gone.sha256 == found[1].sha256


async def test_an_agents_key_pauses_the_own_talk_only(world: World) -> None:
    await world.logs_in("1001")
    alice = await talks(world, seconds=3)
    phone = world.phone("1001")
    world.pbx.talks.pauses(phone)
    await world.passes(seconds=3)
    world.pbx.talks.pauses(phone, on=False)
    world.pbx.tell(PauseKey(leg=alice.arrival.leg, call=alice.call, pause=True))  # no agent's leg
    world.pbx.tell(PauseKey(leg=alice.arrival.leg, call="c-nothing", pause=True))
    await world.passes(seconds=3)
    cdr, [found] = await ended(world, alice)
    [pause] = found.pauses
    assert pause.by == "the telephone of seat 1001"
    assert pause.until is not None
    assert (pause.until - pause.at).total_seconds() == 3.0
    assert "is paused by the telephone of seat 1001" in await story(world, cdr.id)


async def test_what_an_engine_that_died_had_not_kept_is_kept_by_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(*_: object) -> None:
        raise OSError(5, "killed in the middle of it")

    await world.logs_in("1001")
    with monkeypatch.context() as patched:
        patched.setattr("callcenter.records.vault.os.open", dying)
        cdr, [found] = await ended(world, await talks(world))
        assert found.state == "raw"
        await world.engine_dies()
    await world.start()
    [found] = await recorded(world, cdr.id)
    assert (found.state, found.seats) == ("kept", ("1001",))
    assert measured(sound_of(world, found)).sha256 == found.sha256
    [cdr] = await world.cdrs()
    assert cdr.sha256 == found.sha256
