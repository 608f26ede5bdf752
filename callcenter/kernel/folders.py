"""Folders that belong to the engine's owner alone."""

import errno
import os
from pathlib import Path


def make_private(folder: Path) -> None:
    """Have a folder; what is made on the way to it is closed to other users (mode 0700).

    Raises:
        OSError: it cannot be made; ``strerror`` is fit for a person.
    """
    if folder.is_dir():
        return
    make_private(folder.parent)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileExistsError:
        why = os.strerror(errno.ENOTDIR)
        raise NotADirectoryError(errno.ENOTDIR, why, str(folder)) from None
