"""One recording out of what a PBX wrote: a file of each side, or one of both."""

from pathlib import Path

import numpy as np
import pytest

from callcenter.pbx.port import record_files, record_sides
from callcenter.records.mixing import SILENT_DBFS, Mixed, wav_header

SAID, HEARD = (np.arange(count, dtype="<i2") % 997 + 1 for count in (150_000, 149_000))


def two_files(path: Path) -> None:
    for side, samples in zip(record_sides(path), (SAID, HEARD), strict=True):
        side.write_bytes(wav_header(len(samples), channels=1) + samples.tobytes())


def one_file(path: Path) -> None:
    both = np.zeros((len(SAID), 2), dtype="<i2")
    both[:, 0], both[: len(HEARD), 1] = SAID, HEARD
    path.write_bytes(wav_header(len(both)) + both.tobytes())


@pytest.mark.parametrize("write", [two_files, one_file])
def test_left_is_the_caller_and_right_is_what_it_heard(tmp_path: Path, write: object) -> None:
    path = tmp_path / "c-1-1.wav"
    assert callable(write)
    write(path)
    mixed = Mixed(record_files(path))
    data = b"".join(mixed.blocks())
    assert len(data) == mixed.size
    stereo = np.frombuffer(data[44:], dtype="<i2").reshape(-1, 2)
    assert mixed.seconds == pytest.approx(150_000 / 8000)
    assert np.array_equal(stereo[:, 0], SAID)
    assert np.array_equal(stereo[: len(HEARD), 1], HEARD)
    assert not stereo[len(HEARD) :, 1].any()
    assert mixed.levels == (pytest.approx(-35.1, abs=0.2), pytest.approx(-35.1, abs=0.2))


def test_what_was_cut_off_in_the_middle_of_a_frame_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "c-1-1.wav"
    one_file(path)
    path.write_bytes(path.read_bytes()[:-3])
    mixed = Mixed(record_files(path))
    assert mixed.samples == len(SAID) - 1
    assert len(b"".join(mixed.blocks())) == mixed.size


def test_nothing_was_written(tmp_path: Path) -> None:
    mixed = Mixed(record_files(tmp_path / "c-1-1.wav"))
    assert list(mixed.blocks()) == [wav_header(0)]
    assert (mixed.samples, mixed.levels) == (0, (SILENT_DBFS, SILENT_DBFS))
