"""SQLite files for tests that are all alike at first: made once in a process, copied for each.

SQLAlchemy, too, is opened as rarely as can be: what it has worked out about a statement belongs to
an engine of its own kind, which here goes on to the next file when its test is over.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from callcenter.kernel.database import open_database


class Copies:
    """Databases that all begin as ``fill`` of the first one left them."""

    def __init__(self) -> None:
        self._content = b""
        self._free: list[Engine] = []
        self._files: dict[Engine, Path] = {}

    def take(self, file: Path, fill: Callable[[Engine], None]) -> Engine:
        """An engine on ``file``, which is made."""
        if not self._content:
            first = open_database(f"sqlite:///{file}")
            fill(first)
            first.dispose()
            self._content = file.read_bytes()
        file.touch(0o600)
        file.write_bytes(self._content)
        engine = self._free.pop() if self._free else self._open(file)
        self._files[engine] = file
        return engine

    def give_back(self, engine: Engine) -> None:
        """It is disposed of by whoever took it; an engine from elsewhere stays away."""
        if engine in self._files and engine not in self._free:
            self._free.append(engine)

    def _open(self, file: Path) -> Engine:
        engine = open_database(f"sqlite:///{file}")

        @event.listens_for(engine, "do_connect")
        def elsewhere(_dialect: Any, _record: Any, arguments: list[Any], _more: Any) -> None:
            arguments[0] = str(self._files[engine])

        return engine
