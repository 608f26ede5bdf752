"""Copies go with their recordings, also when the store is away at that moment; held ones stay."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, TextClause, text

from callcenter.cli.engine import _recordings as shown
from callcenter.kernel.clock import LoopClock
from callcenter.records import Backup, Recording, Retention, Storage
from callcenter.records.backup import backup_status
from callcenter.records.recording_store import (
    change_recording,
    get_recording,
    mark_held,
    save_kept,
    save_part,
)
from callcenter.records.tables import COPY_IS_DUE, COPY_IS_LEFT
from callcenter.records.vault import seal_file
from tests.support.postgres import database, database_url, postgres
from tests.unit.test_recording_databases import NOON, kept, part
from tests.unit.test_recording_desk import Room, room

__all__ = ["database", "database_url", "postgres", "room"]
LATER = NOON + timedelta(days=9)


def storage(home: Path, **more: Any) -> Storage:
    return replace(Storage.below(home), backup=str(home / "copies"), **more)


def add(database: Engine, place: Storage, call: str, *, hold: str = "") -> None:
    file = f"2026/{call}.ccr"
    sealed = seal_file(place.folder / file, [b"x" * 9], key=("k" * 16, bytes(32)), plain_size=9)
    with database.begin() as connection:
        save_part(connection, part(call, keep_days=1))
        save_kept(connection, kept(f"{call}-1", file, stored_sha256=sealed.stored_sha256))
        change_recording(connection, f"{call}-1", hold=hold)


def row(database: Engine, call: str) -> Recording:
    with database.connect() as connection:
        found = get_recording(connection, f"{call}-1")
    assert found is not None
    return found


def sweep(database: Engine, place: Storage) -> int:
    async def swept() -> int:
        return Retention(database, place.folder, LoopClock(LATER), keep_days=None).sweep()

    return asyncio.run(swept())


def copies(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.rglob("*") if file.is_file())


def test_a_copy_goes_with_its_recording_and_what_is_held_stays_in_both(
    database: Engine, tmp_path: Path
) -> None:
    place = storage(tmp_path)
    add(database, place, "c-1")
    add(database, place, "c-2", hold="case 7")
    backup = Backup(database, place, lambda: LATER)
    assert backup.catch_up() == 0
    assert copies(tmp_path / "copies") == ["c-1.ccr", "c-2.ccr"]
    assert sweep(database, place) == 1
    told = backup_status(database, place)
    assert (told.copied, told.waiting, told.left) == (2, 0, 1)
    assert backup.catch_up() == 0
    assert copies(tmp_path / "copies") == copies(place.folder) == ["c-2.ccr"]
    told = backup_status(database, place)
    assert (told.copied, told.waiting, told.left, told.failed) == (1, 0, 0, 0)
    gone, held = row(database, "c-1"), row(database, "c-2")
    assert (gone.removed_why, gone.backup_removed_at, gone.backup_place) == (
        "kept for 1 days",
        LATER,
        "",
    )
    assert (held.state, held.backup_removed_at) == ("kept", None)


def test_copies_stay_for_whoever_wants_that_until_the_setting_goes(
    database: Engine, tmp_path: Path
) -> None:
    place = storage(tmp_path, backup_keep=True)
    add(database, place, "c-1")
    backup = Backup(database, place, lambda: LATER)
    backup.catch_up()
    sweep(database, place)
    assert backup.catch_up() == 0
    assert copies(tmp_path / "copies") == ["c-1.ccr"]
    told = backup_status(database, place)
    assert (told.copied, told.left) == (1, 0)
    Backup(database, replace(place, backup_keep=False), lambda: LATER).catch_up()
    assert copies(tmp_path / "copies") == []


def test_a_store_that_is_away_is_told_once_and_asked_again_by_the_next_engine(
    database: Engine, tmp_path: Path
) -> None:
    place, folder = storage(tmp_path), tmp_path / "copies"
    for number in range(3):
        add(database, place, f"c-{number}")
    backup = Backup(database, place, lambda: LATER)
    backup.catch_up()
    sweep(database, place)
    folder.rename(tmp_path / "away")
    assert backup.catch_up() == 1  # one asked for, the others would fare the same
    assert backup.trouble == (
        f"copies of removed recordings cannot be deleted: {folder} is not there"
    )
    told = backup_status(database, place)
    assert (told.left, told.failed, told.error) == (3, 1, f"{folder} is not there")
    folder.mkdir()  # where nothing is mounted is an empty folder
    assert backup.catch_up() == 3
    assert "is the store mounted?" in backup.trouble
    folder.rmdir()
    (tmp_path / "away").rename(folder)
    following = Backup(database, place, lambda: LATER)
    assert following.catch_up() == 0
    assert (copies(folder), following.trouble) == ([], "")
    told = backup_status(database, place)
    assert (told.left, told.failed, told.error) == (0, 0, "")


def test_one_copy_that_resists_does_not_keep_the_others(database: Engine, tmp_path: Path) -> None:
    place, folder = storage(tmp_path), tmp_path / "copies"
    for number in range(3):
        add(database, place, f"c-{number}")
    backup = Backup(database, place, lambda: LATER)
    backup.catch_up()
    sweep(database, place)
    (folder / "2026/c-0.ccr").unlink()
    (folder / "2026/c-0.ccr").mkdir()
    with database.begin() as connection:
        change_recording(connection, "c-1-1", backup_place="/elsewhere/c-1.ccr")
    assert backup.catch_up() == 2
    assert "c-0.ccr: Is a directory" in backup.trouble
    assert "is not below recordings_backup" in row(database, "c-1").backup_error
    assert row(database, "c-2").backup_removed_at == LATER


@pytest.mark.parametrize("dies", [False, True])
def test_what_is_removed_while_it_is_copied_leaves_no_copy(
    database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, dies: bool
) -> None:
    """Also by an engine that dies when the copy is there and the row does not say so yet."""
    place, folder = storage(tmp_path), tmp_path / "copies"
    add(database, place, "c-1")
    backup = Backup(database, place, lambda: LATER)
    store = backup._store
    assert store is not None
    whole: Callable[..., None] = store.put

    def put(*asked: Any) -> None:
        whole(*asked)
        sweep(database, place)
        if dies:
            raise KeyboardInterrupt

    monkeypatch.setattr(store, "put", put)
    if dies:
        with pytest.raises(KeyboardInterrupt):
            backup.catch_up()
    else:
        backup.catch_up()
    assert copies(folder) == ["c-1.ccr"]
    (folder / "2026/c-1.ccr.part").write_bytes(b"half")
    Backup(database, place, lambda: LATER).catch_up()
    assert copies(folder) == []


def test_what_never_reached_the_store_is_not_sought_there(database: Engine, tmp_path: Path) -> None:
    place, folder = storage(tmp_path), tmp_path / "copies"
    add(database, place, "c-1")
    folder.write_bytes(b"no folder")
    backup = Backup(database, place, lambda: LATER)
    assert backup.catch_up() == 1
    assert backup.trouble.startswith("recordings cannot be copied: ")
    sweep(database, place)
    folder.unlink()
    folder.mkdir()
    assert backup.catch_up() == 0
    assert row(database, "c-1").backup_removed_at == LATER


def test_a_hold_that_comes_while_a_sweep_runs_is_kept(
    database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = storage(tmp_path)
    add(database, place, "c-1")
    found = Retention._over

    def over(*asked: Any) -> list[tuple[str, str, int]]:
        rows = found(*asked)
        with database.begin() as connection:
            assert mark_held(connection, "c-1-1", why="case 7", by="ann")
        return rows

    monkeypatch.setattr(Retention, "_over", over)
    assert sweep(database, place) == 0
    assert copies(place.folder) == ["c-1.ccr"]
    assert (row(database, "c-1").state, row(database, "c-1").hold) == ("kept", "case 7")


def test_what_cannot_be_removed_stays_on_record_as_kept(
    database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.records.retention._AT_ONCE", 1)
    place = storage(tmp_path)
    add(database, place, "c-1")
    (place.folder / "2026/c-1.ccr").unlink()
    (place.folder / "2026/c-1.ccr").mkdir()
    assert sweep(database, place) == 0
    assert row(database, "c-1").state == "kept"
    (place.folder / "2026/c-1.ccr").rmdir()
    assert sweep(database, place) == 1
    with database.begin() as connection:
        assert not mark_held(connection, "c-1-1", why="too late", by="ann")


@pytest.mark.parametrize(
    ("which", "index"),
    [
        (COPY_IS_LEFT, "ix_recordings_copy_is_left"),
        (COPY_IS_DUE, "ix_recordings_copy_is_due"),
    ],
    ids=["left", "due"],
)
def test_copies_to_see_to_are_found_by_an_index(
    database: Engine, which: TextClause, index: str
) -> None:
    if database.dialect.name != "sqlite":
        pytest.skip("PostgreSQL chooses by the size of the table")
    query = f"SELECT id FROM recordings WHERE {which} AND id > '' ORDER BY id LIMIT 9"
    with database.connect() as connection:
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {query}")).all()
    assert [index in step.detail for step in plan] == [True]


def test_a_copy_in_an_s3_store_goes_with_all_its_versions(s3: "S3", room: Room) -> None:
    names = [room.add("c-1"), room.add("c-2")]
    for versions in (False, True):
        if versions:
            s3.client.put_bucket_versioning(
                Bucket="tapes", VersioningConfiguration={"Status": "Enabled"}
            )
        name = names[versions]
        desk = room.desk(backup="s3://tapes/cc", **s3.settings)
        desk.backup(run=True)
        assert f"cc/2026/{name}.ccr" in s3.names()
        desk.remove(name, "the customer asked")
        away = room.desk(backup_endpoint="http://127.0.0.1:9").backup(run=True)
        assert (away.left, away.failed) == (1, 1)
        assert "127.0.0.1:9" in away.error
        status = room.desk(**s3.settings).backup(run=True)
        assert (status.left, status.failed, status.error) == (0, 0, "")
        assert f"cc/2026/{name}.ccr" not in s3.names()
    assert s3.names() == []


def test_the_status_of_an_engine_says_what_is_wrong_with_the_copies() -> None:
    found = {"ok": True, "why": "", "waiting": 0, "skipped": 0, "backup": ""}
    assert shown(found) == ""
    told = shown(found | {"backup": "recordings cannot be copied: no"})
    assert told == "in order; back-up ALARM: recordings cannot be copied: no"


class S3:
    """A store of its own, with a bucket ``tapes``."""

    def __init__(self, endpoint: str) -> None:
        import boto3

        access = {"backup_user": "user", "backup_secret": "secret"}
        self.settings = access | {"backup_endpoint": endpoint}
        self.client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id="user",
            aws_secret_access_key="secret",
            region_name="us-east-1",
        )
        self.client.create_bucket(Bucket="tapes")

    def names(self) -> list[str]:
        """What it holds, in any version."""
        found = self.client.list_object_versions(Bucket="tapes")
        every = found.get("Versions", []) + found.get("DeleteMarkers", [])
        return [one["Key"] for one in every]


@pytest.fixture
def s3() -> Iterator[S3]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        made = S3(f"http://{host}:{port}")
        yield made
        made.client.close()
    finally:
        server.stop()
