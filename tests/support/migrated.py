"""Databases as the migrations make them: they run once in a process, each test gets a copy."""

import tempfile
from functools import cache
from pathlib import Path

from callcenter.kernel import schema
from callcenter.kernel.folders import make_private


def migrated(file: Path) -> str:
    """Make ``file`` a database that holds what the migrations put there; its URL."""
    make_private(file.parent)
    file.touch(0o600)
    file.write_bytes(_made())
    return f"sqlite:///{file}"


@cache
def _made() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "callcenter.db"
        schema.upgrade(f"sqlite:///{file}")
        return file.read_bytes()
