"""The journal: what was appended is there after any death, and nothing else is."""

import asyncio
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callcenter.kernel.errors import JournalProblem
from callcenter.kernel.journal import Journal, Record
from callcenter.kernel.turned import Stalled
from callcenter.settings import PROJECT
from tests.support.turned import turned


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "journal"


def _write(folder: Path, *payloads: bytes, segment_bytes: int = 8 << 20) -> list[int]:
    journal = Journal(folder, segment_bytes=segment_bytes)
    journal.open()
    positions = [journal.append(payload) for payload in payloads]
    journal.close()
    return positions


def _read(folder: Path) -> list[tuple[int, bytes]]:
    journal = Journal(folder)
    records = journal.open()
    journal.close()
    return [(record.position, record.payload) for record in records]


def _newest(folder: Path) -> Path:
    return max(file for file in folder.iterdir() if file.stat().st_size)


def test_records_come_back_in_order_with_positions_that_grow_by_one(folder: Path) -> None:
    assert _write(folder, b"one", "zwei 二".encode()) == [1, 2]
    assert _write(folder, b"three \r here") == [3]
    assert _read(folder) == [(1, b"one"), (2, "zwei 二".encode()), (3, b"three \r here")]


def test_an_empty_journal(folder: Path) -> None:
    journal = Journal(folder)
    assert journal.open() == []
    assert journal.position == 0
    assert journal.append(b"first") == journal.position == 1
    journal.close()
    journal.close()


def test_only_the_owner_can_read_it(folder: Path) -> None:
    _write(folder, b"secret")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {0o600}
    assert (
        stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    )


def test_a_record_is_one_line_and_not_empty(folder: Path) -> None:
    journal = Journal(folder)
    journal.open()
    for bad in (b"", b"two\nlines"):
        with pytest.raises(ValueError, match="one line"):
            journal.append(bad)
    assert journal.position == 0
    journal.close()


_APPENDS_AND_DIES = """
import os, signal, sys
from pathlib import Path
from callcenter.kernel.journal import Journal
journal = Journal(Path(sys.argv[1]))
journal.open()
journal.append(b"last words")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_appended_survives_kill_9(folder: Path) -> None:
    died = subprocess.run(
        [sys.executable, "-c", _APPENDS_AND_DIES, str(folder)], cwd=PROJECT, check=False
    )
    assert died.returncode == -signal.SIGKILL
    assert _read(folder) == [(1, b"last words")]


@pytest.mark.parametrize("torn", [b"2", b"2 tor", b"\0" * 4096])
def test_a_torn_last_record_is_cut_off_and_its_position_used_again(
    folder: Path, torn: bytes
) -> None:
    _write(folder, b"whole")
    with _newest(folder).open("ab") as file:
        file.write(torn)
    with capture_logs() as logs:
        assert _read(folder) == [(1, b"whole")]
    assert logs[0]["octets"] == len(torn)
    assert _write(folder, b"next") == [2]
    assert _read(folder) == [(1, b"whole"), (2, b"next")]


def test_a_file_that_holds_nothing_but_a_torn_record(folder: Path) -> None:
    _write(folder, b"x")
    _newest(folder).write_bytes(b"1 tor")
    assert _read(folder) == []
    assert _write(folder, b"anew") == [1]


def test_damage_costs_the_damaged_records_only(folder: Path) -> None:
    _write(folder, b"one", b"two", b"three")
    file = _newest(folder)
    file.write_bytes(file.read_bytes().replace(b"2 two", b"\x80garbage"))
    with capture_logs() as logs:
        assert _read(folder) == [(1, b"one"), (3, b"three")]
    assert [log["log_level"] for log in logs] == ["error"]


def test_a_position_that_cannot_be_true_is_not_believed(folder: Path) -> None:
    _write(folder, b"one", b"two")
    with _newest(folder).open("ab") as file:
        file.write(b"2 again\n1 and again\n3 three\n")
    with capture_logs() as logs:
        assert _read(folder) == [(1, b"one"), (2, b"two"), (3, b"three")]
    assert len(logs) == 2


def test_a_damaged_last_segment_is_not_written_before(folder: Path) -> None:
    _write(folder, b"one", b"two", segment_bytes=1)
    _newest(folder).write_bytes(b"damage\n")
    position = _write(folder, b"next")[0]
    assert position >= 3
    assert _read(folder) == [(1, b"one"), (position, b"next")]


def test_positions_begin_beyond_what_the_database_remembers(folder: Path) -> None:
    _write(folder, b"one")
    journal = Journal(folder)
    assert journal.open(beyond=40) == [Record(position=1, payload=b"one")]
    assert journal.append(b"after") == 41
    journal.close()
    assert _read(folder) == [(1, b"one"), (41, b"after")]


def test_segments_are_begun_and_given_back(folder: Path) -> None:
    journal = Journal(folder, segment_bytes=40)
    journal.open()
    for number in range(1, 11):
        journal.append(b"record %02d ....." % number)
    before = sorted(folder.iterdir())
    journal.release(1)
    assert sorted(folder.iterdir()) == before
    assert [int(file.stem) for file in before] == [1, 4, 7, 10]
    journal.release(6)
    assert sorted(folder.iterdir()) == before[1:]
    journal.release(1_000_000)
    assert sorted(folder.iterdir()) == before[3:]  # the one that is written to stays
    assert journal.append(b"goes on") == 11
    journal.close()
    assert [position for position, _ in _read(folder)] == [10, 11]


def test_positions_go_on_when_everything_was_given_back(folder: Path) -> None:
    _write(folder, b"one", b"two", b"three")
    journal = Journal(folder)
    journal.open()
    journal.release(4)
    journal.close()
    assert _read(folder) == []
    assert _write(folder, b"four") == [4]


def test_other_files_in_the_folder_are_left_alone(folder: Path) -> None:
    _write(folder, b"one")
    (folder / "notes.txt").write_text("mine")
    journal = Journal(folder)
    journal.open()
    journal.release(100)
    journal.close()
    assert (folder / "notes.txt").read_text() == "mine"


@contextmanager
def _disk_full_at(octets: int) -> Iterator[None]:
    """The operating system writes no file of ours beyond ``octets``: a short write, then none."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_delays_records_and_loses_none(folder: Path) -> None:
    journal = Journal(folder)
    journal.open()
    journal.append(b"before")
    with capture_logs() as logs, _disk_full_at(15):
        assert journal.append(b"written in part") == 2
        assert journal.append(b"not at all") == 3
    assert [log["event"] for log in logs] == ["journal cannot be written"]  # said once
    assert journal.append(b"after") == 4
    journal.close()
    assert _read(folder) == [
        (1, b"before"),
        (2, b"written in part"),
        (3, b"not at all"),
        (4, b"after"),
    ]


def test_a_death_on_a_full_disk_leaves_whole_records(folder: Path) -> None:
    journal = Journal(folder)
    journal.open()
    journal.append(b"before")
    with capture_logs(), _disk_full_at(15):
        journal.append(b"written in part")
    # no close: it died here
    assert _read(folder) == [(1, b"before")]
    os.close(journal._fd)


def test_keep_writes_what_had_to_wait_and_survives_a_sync_that_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, outcomes = os.fsync, [OSError(5, "Input/output error")]
    synced: list[int] = []

    def sync(fd: int) -> None:
        if outcomes:
            raise outcomes.pop()
        synced.append(os.fstat(fd).st_size)
        real(fd)

    async def story() -> None:
        journal = Journal(folder)
        journal.open()
        keeping = asyncio.create_task(journal.keep())
        await asyncio.sleep(1)
        monkeypatch.setattr(os, "fsync", sync)
        journal.append(b"before")
        with _disk_full_at(12):
            journal.append(b"held back")
            await asyncio.sleep(1)
        assert synced == [12]  # again after the failure, then nothing new for a second
        await asyncio.sleep(1)
        assert synced == [12, 21]
        keeping.cancel()
        journal.close()

    with capture_logs() as logs:
        turned(story())
    assert {log["event"] for log in logs} == {"journal cannot be written"}
    assert _read(folder) == [(1, b"before"), (2, b"held back")]


def test_where_nothing_is_appended_nothing_is_waited_for(folder: Path) -> None:
    async def story() -> None:
        journal = Journal(folder)
        journal.open()
        journal.append(b"one")
        try:
            await journal.keep()
        finally:
            assert not journal._dirty
            journal.close()

    with pytest.raises(Stalled):  # no timer is left, after the one
        turned(story())


def test_when_no_new_segment_can_be_made_the_old_one_grows_on(folder: Path) -> None:
    journal = Journal(folder, segment_bytes=10)
    journal.open()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        with capture_logs() as logs:
            assert journal.append(b"long enough to end the segment") == 1
            assert journal.append(b"and one more") == 2
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert {log["event"] for log in logs} == {"journal cannot begin a new segment"}
    assert journal.append(b"better now") == 3
    journal.close()
    assert [position for position, _ in _read(folder)] == [1, 2, 3]
    assert len(list(folder.iterdir())) == 2


def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "journal"):
        with pytest.raises(JournalProblem, match="Not a directory; mend that first"):
            Journal(folder).open()
