"""Files that commands write: whole or not at all; what is no file is written to."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter.cli.files import FileProblem, write_whole


def breaking() -> Iterator[bytes]:
    yield b"half"
    raise OSError(28, "No space left on device")


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "report.csv"
    assert write_whole([b"a", b"bc"], file) == 3
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"abc", 0o600)
    with pytest.raises(FileProblem, match="No space left"):
        write_whole(breaking(), file)
    assert [each.name for each in tmp_path.iterdir()] == ["report.csv"]
    assert file.read_bytes() == b"abc"
    with pytest.raises(FileProblem, match="cannot be written"):
        write_whole([b"a"], tmp_path / "nowhere" / "report.csv")


def test_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    assert write_whole([b"a", b"bc"], pipe) == 3
    reader.join(10)
    assert read == [b"abc"]
    assert pipe.is_fifo()
