#!/usr/bin/env python3
"""Speaks to a caller while the engine is away; Asterisk starts it as a process for each caller.

The dialplan calls it after some seconds without an engine, asks for the engine again between the
languages, and goes on with music behind it. It knows nothing of the project and needs only pyst2.
Whatever goes wrong, it ends: music follows.

Usage: survive.py <folder of prompts> <how often this caller was spoken to>
"""

import io
import sys
from pathlib import Path

from asterisk.agi import AGI

LANGUAGES = ("zh", "en", "ja")
PROMPT = "apology"


def apologise(agi: AGI, prompts: Path, turn: int) -> None:
    """Answer, then say in one language that it will go on soon; each turn takes the next."""
    agi.answer()
    voices = [prompts / language / PROMPT for language in LANGUAGES]
    voices = [voice for voice in voices if voice.with_suffix(".wav").is_file()]
    if voices:
        agi.stream_file(f'"{voices[turn % len(voices)]}"')


def main(arguments: list[str]) -> None:
    """Run as an AGI script."""
    try:
        # pyst2 writes every line to stderr: into a bin instead of the PBX's console.
        agi = AGI(stderr=io.StringIO())
        turn = arguments[2] if len(arguments) > 2 else ""
        apologise(agi, Path(arguments[1]), int(turn) if turn.isdecimal() else 0)
    except Exception as error:  # the caller left, or anything else: the dialplan goes on
        print(f"survive.py: {type(error).__name__}: {error}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv)
