"""Findings of a look at the PBX, and what every look needs."""

import re
from pathlib import Path

from callcenter.pbx.embedded.model import Check

SHOWN = 5
"""Names in one sentence."""


def good(name: str, what: str) -> Check:
    """All is well."""
    return Check(name=name, ok=True, sentence=_sentence(what))


def bad(name: str, what: str) -> Check:
    """Something is wrong; ``what`` says what to do."""
    return Check(name=name, ok=False, sentence=_sentence(what))


def look_into(file: Path, error: str) -> Check:
    """Whether a log has lines that match ``error``."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    wrong = [line for line in lines if re.search(error, line)]
    if wrong:
        return bad("log", f"{len(wrong)} errors since the start, the last: {wrong[-1]} ({file})")
    return good("log", f"no errors since the start ({file})")


def _sentence(what: str) -> str:
    return f"{what[0].upper()}{what[1:].rstrip('.')}."
