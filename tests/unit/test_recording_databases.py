"""What recordings, rules, keys, messages and answers ask of SQLite and of a real PostgreSQL."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from callcenter.kernel.clock import LoopClock
from callcenter.kernel.errors import Refused
from callcenter.records import Direction, Kept, Part, Pause, RecordingRule, Retention, Storage
from callcenter.records.backup import Backup, backup_status
from callcenter.records.keys import KeyRing, recording_keys
from callcenter.records.model import RecordingState
from callcenter.records.recording_store import (
    Wanted,
    change_recording,
    find_recordings,
    get_recording,
    recordings_of,
    save_kept,
    save_part,
    unkept_parts,
)
from callcenter.records.rule_store import load_rules, remove_rule, save_rule
from callcenter.records.store import get_message, save_message
from callcenter.records.survey import SurveyFilter, save_answer
from callcenter.records.survey.store import get_answer, list_answers
from callcenter.records.vault import seal_file
from tests.support.postgres import database, database_url, postgres
from tests.unit.test_voices_desk import answer, message

__all__ = ["database", "database_url", "postgres"]
NOON = datetime(2026, 3, 2, 12, 0, 0, 123457, tzinfo=UTC)
HOUR = timedelta(hours=1)


def part(call: str = "c-1", place: int = 1, **more: Any) -> Part:
    values: dict[str, Any] = {
        "call": call,
        "part": place,
        "tenant": "acme",
        "direction": "inbound",
        "caller": "+8613800000001",
        "number": "4008001234",
        "started_at": NOON,
        "ended_at": NOON + HOUR,
        "seats": ("1001", "1002", "1001"),
        "queues": ("销售",),
        "pauses": (Pause(at=NOON, by="王", until=NOON + HOUR), Pause(at=NOON, by="x")),
    }
    return Part(**(values | more))


def kept(name: str, path: str = "2026/x.ccr", **more: Any) -> Kept:
    values: dict[str, Any] = {
        "id": name,
        "path": path,
        "seconds": 3600.25,
        "caller_rms": -20.5,
        "seat_rms": -31.0,
        "sha256": "a" * 64,
        "stored_sha256": "b" * 64,
        "stored_bytes": 5_000_000_000,
        "key": "k" * 16,
    }
    return Kept(**(values | more))


def names(database: Engine, **wanted: Any) -> list[str]:
    with database.connect() as connection:
        return [one.id for one in find_recordings(connection, Wanted(**wanted))]


def test_a_part_is_read_as_it_was_written(database: Engine) -> None:
    with database.begin() as connection:
        for _ in range(2):
            save_part(connection, part())
        [waiting] = unkept_parts(connection)
        assert waiting == replace(part(), seats=("1001", "1002"))
        save_kept(connection, kept("c-1-1"))
        save_kept(connection, kept("c-1-1", path="2026/again.ccr"))
        assert unkept_parts(connection) == []
        found = get_recording(connection, "c-1-1")
        assert found is not None
        assert (found.state, found.path) == (RecordingState.KEPT, "2026/x.ccr")
        assert (found.seconds, found.stored_bytes) == (3600.25, 5_000_000_000)
        assert (found.started_at, found.pauses) == (NOON, part().pauses)
        assert (found.seats, found.queues) == (("1001", "1002"), ("销售",))
        assert get_recording(connection, "c-9-1") is None


def test_every_search_of_recordings(database: Engine) -> None:
    parts = (
        part("c-1"),
        part("c-1", 2, started_at=NOON + HOUR, seats=("1003",), queues=()),
        part("c-2", tenant="other", caller="138", started_at=NOON + 2 * HOUR),
        part("c-3", number="400", started_at=NOON - HOUR, seats=(), queues=("vip",)),
    )
    with database.begin() as connection:
        for one in parts:
            save_part(connection, one)
        save_kept(connection, kept("c-2-1"))
        save_kept(connection, kept("c-3-1", path=""))
        assert [one.part for one in recordings_of(connection, "c-1")] == [1, 2]
    assert names(database) == ["c-2-1", "c-1-2", "c-1-1", "c-3-1"]
    for wanted, found in (
        ({"most": 2}, ["c-2-1", "c-1-2"]),
        ({"call": "c-1"}, ["c-1-2", "c-1-1"]),
        ({"caller": "138"}, ["c-2-1"]),
        ({"number": "400"}, ["c-3-1"]),
        ({"seat": "1002"}, ["c-2-1", "c-1-1"]),
        ({"queue": "销售"}, ["c-2-1", "c-1-1"]),
        ({"queue": "vip", "seat": "1001"}, []),
        ({"tenant": "other"}, ["c-2-1"]),
        ({"tenants": frozenset({"acme"})}, ["c-1-2", "c-1-1", "c-3-1"]),
        ({"tenants": frozenset()}, []),
        ({"state": "kept"}, ["c-2-1"]),
        ({"state": "empty"}, ["c-3-1"]),
        ({"since": NOON, "until": NOON + 2 * HOUR}, ["c-1-2", "c-1-1"]),
    ):
        assert names(database, **wanted) == found, wanted


def test_what_a_telephone_sends_loses_no_recording_message_or_answer(database: Engine) -> None:
    long = "王\0" + "9" * 300
    with database.begin() as connection:
        save_part(connection, part(caller=long))
        change_recording(connection, "c-1-1", hold=long, backup_error=long * 9)
        save_message(connection, replace(message(), caller=long))
        save_answer(connection, answer(1, answer=long))
        recording, left = get_recording(connection, "c-1-1"), get_message(connection, "v-1")
        said = get_answer(connection, "c-1", 1)
    assert recording is not None
    assert left is not None
    assert said is not None
    assert recording.caller == left.caller == "王" + "9" * 63
    assert (len(recording.hold), len(recording.backup_error)) == (200, 300)
    assert said.answer == "王" + "9" * 31


def test_rules_of_recording(database: Engine) -> None:
    everyone = RecordingRule(name="all", percentage=12.5)
    never = RecordingRule(name="vip", tenant="acme", queue="销售", never=True)
    outside = RecordingRule(name="out", direction=Direction.OUTBOUND, keep_days=30, announce=True)
    with database.begin() as connection:
        for rule in (everyone, never, outside, everyone):
            save_rule(connection, rule)
        assert set(load_rules(connection)) == {everyone, never, outside}
        assert load_rules(connection)[0] == never
        with pytest.raises(Refused, match="'all' is for the same"):
            save_rule(connection, replace(everyone, name="again"))
        assert remove_rule(connection, "all")
        assert not remove_rule(connection, "all")


def test_keys_are_made_and_rotated(database: Engine, tmp_path: Path) -> None:
    ring = KeyRing(database, tmp_path / "master.key")
    first = ring.current("acme")
    assert ring.current("其他")[0] != first[0]
    assert ring.rotate() == 2
    assert ring.rotate("acme") == 1
    fresh = KeyRing(database, tmp_path / "master.key")
    assert fresh.key(first[0]) == first[1]
    assert fresh.current("acme") == ring.current("acme") != first
    with database.connect() as connection:
        in_use = select(recording_keys.c.tenant).where(recording_keys.c.in_use)
        assert sorted(connection.execute(in_use).scalars()) == ["acme", "其他"]


async def test_what_is_over_goes_and_what_is_held_stays(database: Engine, tmp_path: Path) -> None:
    with database.begin() as connection:
        for call, days in (("c-1", 1), ("c-2", None), ("c-3", 9), ("c-4", 1)):
            save_part(connection, part(call, keep_days=days))
            save_kept(connection, kept(f"{call}-1", path=f"{call}.ccr"))
            (tmp_path / f"{call}.ccr").write_bytes(b"x")
        change_recording(connection, "c-4-1", hold="case 7", held_by="ann")
    clock = LoopClock(NOON + timedelta(days=3))
    assert Retention(database, tmp_path, clock, keep_days=2).sweep() == 2
    assert sorted(file.name for file in tmp_path.glob("*.ccr")) == ["c-3.ccr", "c-4.ccr"]
    assert names(database, state="removed") == ["c-2-1", "c-1-1"]
    assert Retention(database, tmp_path, clock, keep_days=None).sweep() == 0


def test_copies_are_counted(database: Engine, tmp_path: Path) -> None:
    storage = replace(Storage.below(tmp_path), backup=str(tmp_path / "copies"))
    with database.begin() as connection:
        for call in ("c-1", "c-2", "c-3"):
            save_part(connection, part(call))
        for call in ("c-1", "c-2"):
            file = storage.folder / f"{call}.ccr"
            sealed = seal_file(file, [b"x" * 9], key=("k" * 16, bytes(32)), plain_size=9)
            found = kept(f"{call}-1", path=f"{call}.ccr", stored_sha256=sealed.stored_sha256)
            save_kept(connection, found)
    (storage.folder / "c-2.ccr").unlink()
    copies = Backup(database, storage, lambda: NOON)
    assert copies.catch_up() == 1
    told = backup_status(database, storage)
    assert (told.copied, told.waiting, told.failed, told.newest) == (1, 1, 1, NOON)
    assert "c-2.ccr" in told.error


def test_the_newest_answers_of_a_stretch_of_time(database: Engine) -> None:
    with database.begin() as connection:
        for hour in range(5):
            save_answer(connection, answer(hour, at=NOON + hour * HOUR, queue="销售"))
    wanted = SurveyFilter(queue="销售", since=NOON + HOUR, until=NOON + 4 * HOUR)
    with database.connect() as connection:
        found = list_answers(connection, wanted, most=2)
        assert [one.position for one in found] == [3, 2]
        assert found[0].at == NOON + 3 * HOUR
        assert get_answer(connection, "c-9", 1) is None
