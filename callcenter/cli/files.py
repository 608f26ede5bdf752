"""Files that commands write."""

from collections.abc import Iterable
from pathlib import Path

from callcenter.kernel.errors import CallCenterError


class FileProblem(CallCenterError):
    """A file cannot be read or written."""

    code = "file"


def write_whole(pieces: Iterable[bytes], file: Path) -> int:
    """A file that appears whole or not at all, for its owner alone; how many bytes it has.

    What is there and no file, a device or a pipe, is written to and not replaced.

    Raises:
        FileProblem: it cannot be written.
    """
    special = file.exists() and not file.is_file()
    draft = file if special else file.with_name(f"{file.name}.part")
    octets = 0
    try:
        draft.touch(mode=0o600)
        with draft.open("wb") as out:
            for piece in pieces:
                octets += out.write(piece)
        draft.replace(file)
    except OSError as error:
        raise FileProblem(f"{file} cannot be written: {error.strerror}.") from None
    finally:
        if not special:
            draft.unlink(missing_ok=True)
    return octets
