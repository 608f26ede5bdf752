"""A report as JSON, line by line."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec


def json_of(report: Mapping[str, Any]) -> Iterator[bytes]:
    """As ``json.dumps(report, indent=2)`` writes it, but its lines are read as they are written."""
    before = b"{"
    for name, value in report.items():
        yield before + f'\n  "{name}": '.encode()
        if name == "lines":
            yield from _lines(value)
        else:
            yield _indented(value, 2)
        before = b","
    yield b"\n}\n"


def _lines(lines: Any) -> Iterator[bytes]:
    before = b"["
    for line in lines:
        yield before + b"\n    " + _indented(line, 4)
        before = b","
    yield b"\n  ]" if before == b"," else b"[]"


def _indented(value: object, spaces: int) -> bytes:
    made = msgspec.json.format(msgspec.json.encode(value), indent=2)
    return made.replace(b"\n", b"\n" + b" " * spaces)
