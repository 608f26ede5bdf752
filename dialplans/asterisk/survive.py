#!/usr/bin/env python3
"""Speaks to a caller while the engine is away; Asterisk starts it as a process for each caller.

The dialplan calls it after some seconds without an engine and goes on with music behind it. It
knows nothing of the project and needs only pyst2. Whatever goes wrong, it ends: music follows.

Usage: survive.py <folder of prompts>
"""

import io
import sys
from pathlib import Path

from asterisk.agi import AGI, AGIException

LANGUAGES = ("zh", "en", "ja")
PROMPT = "apology"


def apologise(agi: AGI, prompts: Path) -> None:
    """Answer, then say in each language we have a voice for that it will go on soon."""
    agi.answer()
    for language in LANGUAGES:
        if (prompts / language / f"{PROMPT}.wav").is_file():
            agi.stream_file(f'"{prompts / language / PROMPT}"')


def main() -> None:
    try:
        # pyst2 writes every line to stderr: into a bin instead of the PBX's console.
        agi = AGI(stderr=io.StringIO())
        apologise(agi, Path(sys.argv[1]))
    except (AGIException, OSError, ValueError, IndexError):
        sys.exit(0)  # the caller hung up, or nothing can be said; the dialplan goes on


if __name__ == "__main__":
    main()
