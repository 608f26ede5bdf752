"""Stored recordings and their keys: any stretch is readable, any change is noticed."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from callcenter.kernel.database import metadata, open_database
from callcenter.records.keys import KeyRing, NoKey
from callcenter.records.vault import CHUNK, Damaged, Opened, Sealer, stored_hash

KEY = bytes(range(32))
SIZES = (1, 44, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7)


def sealed(folder: Path, plain: bytes, key: bytes = KEY) -> Path:
    out = io.BytesIO()
    sealer = Sealer(out, key=key, key_id="k" * 16, plain_size=len(plain))
    for begin in range(0, len(plain), 10_007):
        sealer.write(plain[begin : begin + 10_007])
    told = sealer.close()
    file = folder / "one.ccr"
    file.write_bytes(out.getvalue())
    assert (told.stored_sha256, told.size) == (stored_hash(file), file.stat().st_size)
    return file


def sound(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


@given(size=st.sampled_from(SIZES), data=st.data())
def test_any_stretch_is_what_was_written(
    size: int, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plain = sound(size)
    opened = Opened(sealed(tmp_path_factory.mktemp("v"), plain), lambda _: KEY)
    assert opened.size == size
    start, length = data.draw(st.integers(0, size + 5)), data.draw(st.integers(0, size + 5))
    assert b"".join(opened.read(start, length)) == plain[start : start + length]
    assert b"".join(opened.read()) == plain


@pytest.mark.parametrize("size", SIZES)
def test_nothing_of_the_sound_can_be_seen_and_twice_is_never_the_same(
    size: int, tmp_path: Path
) -> None:
    first = sealed(tmp_path, bytes(size)).read_bytes()
    second = sealed(tmp_path, bytes(size)).read_bytes()
    assert first[64:] != second[64:]


def changes(data: bytes) -> dict[str, bytes]:
    chunk = CHUNK + 16
    return {
        "a bit": data[:200] + bytes([data[200] ^ 1]) + data[201:],
        "the header": data[:20] + bytes([data[20] ^ 1]) + data[21:],
        "cut by a chunk": data[: 64 + 2 * chunk],
        "cut by a byte": data[:-1],
        "longer": data + b"x",
        "chunks in another order": data[:64]
        + data[64 + chunk : 64 + 2 * chunk]
        + data[64 : 64 + chunk]
        + data[64 + 2 * chunk :],
        "not ours": b"RIFF" + data[4:],
        "empty": b"",
    }


@pytest.mark.parametrize("what", changes(bytes(200_000)))
def test_whatever_is_changed_is_noticed(what: str, tmp_path: Path) -> None:
    file = sealed(tmp_path, sound(2 * CHUNK + 100))
    file.write_bytes(changes(file.read_bytes())[what])
    with pytest.raises(Damaged, match=r"damaged|cannot be read"):
        b"".join(Opened(file, lambda _: KEY).read())


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    file = sealed(tmp_path, sound(100))
    with pytest.raises(Damaged):
        b"".join(Opened(file, lambda _: bytes(32)).read())


@pytest.fixture
def database(tmp_path: Path) -> Engine:
    made = open_database(f"sqlite:///{tmp_path / 'keys.db'}")
    metadata.create_all(made)
    return made


def test_each_tenant_has_a_key_and_the_master_file_is_private(
    database: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "home" / "master.key"
    ring = KeyRing(database, file)
    acme, other = ring.current("acme"), ring.current("other")
    assert acme != other
    assert file.stat().st_mode & 0o777 == 0o600
    again = KeyRing(database, file)
    assert (again.current("acme"), again.key(other[0])) == (acme, other[1])
    database.dispose()


def test_rotation_leaves_old_keys_readable_and_forgets_the_old_master(
    database: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "master.key"
    ring = KeyRing(database, file)
    old, _ = ring.current("acme"), ring.current("other")
    before = json.loads(file.read_text())
    assert ring.rotate("acme") == 1
    assert ring.current("acme")[0] != old[0]
    assert json.loads(file.read_text()) == before
    assert ring.rotate() == 2
    after = json.loads(file.read_text())
    assert set(after["keys"]) & set(before["keys"]) == set()
    fresh = KeyRing(database, file)
    assert fresh.key(old[0]) == old[1]
    assert fresh.current("acme") == ring.current("acme")
    database.dispose()


def test_without_its_master_file_nothing_is_opened_and_none_is_made_anew(
    database: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "master.key"
    name, _ = KeyRing(database, file).current("acme")
    kept = file.rename(tmp_path / "elsewhere")
    with pytest.raises(NoKey, match="is gone"):
        KeyRing(database, file).key(name)
    with pytest.raises(NoKey, match="is gone"):
        KeyRing(database, file).current("new tenant")
    assert not file.exists()
    file.write_text("{}")
    with pytest.raises(NoKey, match="cannot be read"):
        KeyRing(database, file).key(name)
    other = open_database(f"sqlite:///{tmp_path / 'other.db'}")
    metadata.create_all(other)
    file.unlink()
    KeyRing(other, file).current("x")
    with pytest.raises(NoKey, match="is not the one"):
        KeyRing(database, file).key(name)
    kept.replace(file)
    KeyRing(database, file).key(name)
    other.dispose()
    database.dispose()
