"""Recordings over REST and by command, their copies in a folder and in an S3 store."""

import asyncio
import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import Engine

from callcenter.kernel.actor import Actor, Role, acting
from callcenter.kernel.database import open_database
from callcenter.kernel.errors import Forbidden, NotFound, Refused
from callcenter.records import Kept, Part, Storage
from callcenter.records.backup import Backup, backup_status
from callcenter.records.keys import KeyRing
from callcenter.records.mixing import wav_header
from callcenter.records.recording_store import Wanted, change_recording, save_kept, save_part
from callcenter.records.vault import Sealer
from callcenter.services.recordings import DeskRecordings, RecordingDesk
from callcenter.web.recordings import add_recordings
from tests.support.command import Command
from tests.support.migrated import migrated

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PLAIN = wav_header(50_000) + os.urandom(200_000)


class Room:
    """A database, a folder and a desk."""

    def __init__(self, folder: Path) -> None:
        self.home = folder
        url = migrated(folder / "callcenter.db")
        self.database: Engine = open_database(url)
        self.storage = Storage.below(folder)
        self.keys = KeyRing(self.database, self.storage.master_key)

    def desk(self, **storage: str) -> RecordingDesk:
        self.storage = replace(self.storage, **storage)  # type: ignore[arg-type]
        copies = Backup(self.database, self.storage, lambda: NOON)
        return RecordingDesk(self.database, self.storage, self.keys, copies)

    def add(self, call: str, tenant: str = "acme") -> str:
        """One kept recording."""
        part = Part(
            call=call,
            part=1,
            tenant=tenant,
            direction="inbound",
            caller="138",
            number="400",
            started_at=NOON,
            ended_at=NOON + timedelta(seconds=6),
            seats=("1001",),
        )
        key_id, key = self.keys.current(tenant)
        out = io.BytesIO()
        sealer = Sealer(out, key=key, key_id=key_id, plain_size=len(PLAIN))
        sealer.write(PLAIN)
        sealed = sealer.close()
        path = self.storage.folder / f"2026/{part.id}.ccr"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(out.getvalue())
        kept = Kept(
            id=part.id,
            path=f"2026/{part.id}.ccr",
            seconds=6.25,
            caller_rms=-20,
            seat_rms=-20,
            sha256=sealed.sha256,
            stored_sha256=sealed.stored_sha256,
            stored_bytes=sealed.size,
            key=key_id,
        )
        with self.database.begin() as connection:
            save_part(connection, part)
            save_kept(connection, kept)
        return part.id

    def file(self, name: str) -> Path:
        return self.storage.folder / f"2026/{name}.ccr"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.database.dispose()


def get(room: Room, path: str, **headers: str) -> httpx.Response:
    api, router = FastAPI(), APIRouter(prefix="/v1")

    class Desk:
        recordings = DeskRecordings(room.desk())

    add_recordings(router, Desk())
    api.include_router(router)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(api)
        async with httpx.AsyncClient(transport=transport, base_url="http://e") as client:
            return await client.get(f"/v1/recordings/{path}", headers=headers)

    return asyncio.run(ask())


SIZE = len(PLAIN)


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=65530-65545", 65530, 65546),
        ("bytes=150000-", 150_000, SIZE),
        ("bytes=-44", SIZE - 44, SIZE),
        ("bytes=199000-9999999", 199_000, SIZE),
    ],
)
def test_a_stretch_is_served(room: Room, asked: str, begin: int, end: int) -> None:
    answer = get(room, f"{room.add('c-1')}/audio", range=asked)
    assert (answer.status_code, answer.content) == (206, PLAIN[begin:end])
    assert answer.headers["content-range"] == f"bytes {begin}-{end - 1}/{SIZE}"


def test_all_of_it_is_served_and_what_is_beyond_is_not(room: Room) -> None:
    name = room.add("c-1")
    for asked in ("", "bytes=1-2,5-6", "seconds=1-2", "bytes=9-3", "bytes=-"):
        answer = get(room, f"{name}/audio", **({"range": asked} if asked else {}))
        assert (answer.status_code, answer.content) == (200, PLAIN)
    assert answer.headers["etag"] == f'"{hashlib.sha256(PLAIN).hexdigest()}"'
    assert answer.headers["content-type"] == "audio/wav"
    for asked in (f"bytes={SIZE}-", "bytes=-0"):
        beyond = get(room, f"{name}/audio", range=asked)
        assert beyond.status_code == 416
        assert beyond.headers["content-range"] == f"bytes */{SIZE}"


def test_another_tenants_recording_does_not_exist(room: Room) -> None:
    desk, mine, other = room.desk(), room.add("c-1"), room.add("c-2", "other")
    actor = Actor(name="ann", role=Role.ADMINISTRATOR, tenants=frozenset({"acme"}))
    token = acting.set(actor)
    try:
        assert [row.id for row in desk.find(Wanted())] == [mine]
        for act in (desk.one, desk.open, desk.check, desk.release):
            with pytest.raises(NotFound, match="There is no recording"):
                act(other)
        with pytest.raises(NotFound):
            desk.hold(other, "why")
        with pytest.raises(Forbidden):
            desk.rotate("")
        assert desk.rotate("acme") == 1
    finally:
        acting.reset(token)


def test_what_is_held_is_not_removed_and_what_is_removed_stays_on_record(room: Room) -> None:
    desk, name = room.desk(), room.add("c-1")
    assert desk.hold(name, "a court asks").held_by == "engine"
    with pytest.raises(Refused, match="is held"):
        desk.remove(name, "asked to")
    desk.release(name)
    gone = desk.remove(name, "the customer asked")
    assert (gone.state, gone.removed_why) == ("removed", "the customer asked, by engine")
    assert not room.file(name).exists()
    with pytest.raises(NotFound, match="was removed on"):
        desk.open(name)
    with pytest.raises(Refused):
        desk.hold(name, "too late")


def test_verify_names_the_bad_file_and_ends_with_1(room: Room, tmp_path: Path) -> None:
    names = [room.add(f"c-{number}") for number in range(4)]
    run = Command(home=tmp_path, extra={})
    assert run("recording", "verify").out == "4 recordings checked; all are what was kept.\n"
    data = bytearray(room.file(names[1]).read_bytes())
    data[5000] ^= 1
    room.file(names[1]).write_bytes(data)
    room.file(names[2]).unlink()
    told = run("recording", "verify")
    assert told.status == 1
    assert f"{names[1]}: {room.file(names[1])} is not what was stored" in told.out
    assert f"{names[2]}: {room.file(names[2])} is gone" in told.out
    assert told.sentence.startswith("2 of 4 recordings are not what was kept: c-2-1, c-1-1")
    assert run("recording", "verify", names[0]).status == 0
    out = tmp_path / "out.wav"
    told = run("recording", "export", names[1], str(out))
    assert (told.status, out.exists()) == (1, False)
    assert "is damaged" in told.sentence
    assert run("recording", "export", "c-0", str(out)).status == 0
    assert out.read_bytes() == PLAIN
    assert "There is no recording" in run("recording", "show", "nothing").sentence


def test_keys_are_rotated_by_command_and_old_recordings_stay_readable(
    room: Room, tmp_path: Path
) -> None:
    name, run = room.add("c-1"), Command(home=tmp_path, extra={})
    assert (
        "1 tenants have a new data key and a new master key" in run("recording", "rotate-key").out
    )
    assert run("recording", "verify", name).status == 0


def test_rules_are_set_tried_and_removed_by_command(room: Room, tmp_path: Path) -> None:
    from callcenter.numbers import Tenant, save_tenant

    with room.database.begin() as connection:
        save_tenant(connection, Tenant(id="acme", name="Acme", language="en"))
    run = Command(home=tmp_path, extra={})
    made = run("recording", "rule", "add", "half", "--tenant=acme", "--percentage=50", "--announce")
    assert made.out == "Rule half: tenant acme: 50 %, after a notice.\n"
    tried = run("recording", "rule", "try", "--tenant=acme", "--call=c-1").out
    assert tried == "Not recorded: rule half (tenant acme): 50 %, drawn 65.22.\n"
    assert (
        "is for the same already"
        in run("recording", "rule", "add", "again", "--tenant=acme").sentence
    )
    assert "no queue" in run("recording", "rule", "add", "q", "--queue=nowhere").sentence
    run("recording", "rule", "add", "law", "--never")
    listed = run("recording", "rule", "list").out
    assert listed.index("law") < listed.index("half")
    assert "says never" in run("recording", "rule", "try", "--tenant=acme").out
    run("recording", "rule", "remove", "law")
    assert "no recording rule" in run("recording", "rule", "remove", "law").sentence


def test_copies_in_a_folder_are_compared_and_tried_again(room: Room, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    names = [room.add(f"c-{number}") for number in range(3)]
    desk = room.desk(backup=str(copies))
    whole = room.file(names[1]).read_bytes()
    room.file(names[1]).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    status = desk.backup(run=True)
    assert (status.copied, status.waiting, status.failed) == (2, 1, 1)
    assert "SHA-256" in status.error
    assert not (copies / f"2026/{names[1]}.ccr").exists()
    room.file(names[1]).write_bytes(whole)
    status = desk.backup(run=True)
    assert (status.copied, status.waiting, status.failed, status.error) == (3, 0, 0, "")
    assert (copies / f"2026/{names[1]}.ccr").read_bytes() == whole
    with pytest.raises(Refused, match="No place"):
        room.desk(backup="").backup(run=True)


def test_copies_in_an_s3_store_are_compared_by_the_store(room: Room) -> None:
    import boto3
    from moto.server import ThreadedMotoServer

    name = room.add("c-1")
    access = {"backup_user": "user", "backup_secret": "secret"}
    away = room.desk(backup="s3://tapes/cc", backup_endpoint="http://127.0.0.1:9", **access)
    status = away.backup(run=True)
    assert (status.copied, status.failed) == (0, 1)
    assert "127.0.0.1:9" in status.error
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        store = boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id="user",
            aws_secret_access_key="secret",
            region_name="us-east-1",
        )
        store.create_bucket(Bucket="tapes")
        status = room.desk(backup="s3://tapes/cc", backup_endpoint=endpoint, **access).backup(
            run=True
        )
        assert (status.copied, status.waiting, status.error) == (1, 0, "")
        copy = store.get_object(Bucket="tapes", Key=f"cc/2026/{name}.ccr")
        assert copy["Body"].read() == room.file(name).read_bytes()
        assert backup_status(room.database, room.storage).newest is not None
        with room.database.begin() as connection:
            change_recording(connection, name, backup_at=None, stored_sha256="00" * 32)
        assert room.desk().backup(run=True).failed == 1
    finally:
        server.stop()
        store.close()
