"""Sounds from outside: any file sox reads becomes a prompt, or one sentence says why not.

What the file is, is told by its first bytes: a name says nothing, and some formats of sox are
lists of other files and must never be read.
"""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from callcenter.ivr.prompts import BadPrompt
from callcenter.kernel import sound
from callcenter.kernel.sound import Voice

MOST_BYTES = 20 << 20
MOST_SECONDS = 300.0
_PATIENCE = 60.0
_OFFSET_OF_KIND = 8


def convert(data: bytes, *, sox: Sequence[str]) -> Voice:
    """Bring a sound file to the telephone's form, trimmed and levelled (blocking).

    Raises:
        BadPrompt: it is no sound, too long, or holds nothing that can be heard.
    """
    if len(data) > MOST_BYTES:
        raise BadPrompt(f"The file is larger than {MOST_BYTES >> 20} MB; shorten it.")
    kind = _kind(data)
    with tempfile.TemporaryDirectory(prefix="prompt-") as folder:
        given, made = Path(folder, f"given.{kind}"), Path(folder, "made.wav")
        given.write_bytes(data)
        telephone = ["-r", "8000", "-c", "1", "-b", "16", "-e", "signed-integer", str(made)]
        # One second more than allowed tells a file that is too long without decoding all of it.
        limit = ["trim", "0", f"{MOST_SECONDS + 1:g}"]
        _run([*sox, "-G", "-D", "-t", kind, str(given), *telephone, *limit])
        return _checked(made)


def from_speech(wav: bytes, *, sox: Sequence[str]) -> Voice:
    """The same for what a speech engine said; its header may lack the length."""
    with tempfile.TemporaryDirectory(prefix="prompt-") as folder:
        given, made = Path(folder, "given.wav"), Path(folder, "made.wav")
        given.write_bytes(wav)
        telephone = ["-r", "8000", "-c", "1", "-b", "16", "-e", "signed-integer", str(made)]
        _run([*sox, "-G", "-D", "-t", "wav", "--ignore-length", str(given), *telephone])
        return _checked(made)


def _checked(made: Path) -> Voice:
    try:
        samples = sound.read(made)
    except (OSError, ValueError):
        raise BadPrompt("The file is no sound that can be read.") from None
    if len(samples) > MOST_SECONDS * sound.RATE:
        raise BadPrompt(f"The sound is longer than {MOST_SECONDS / 60:g} minutes; shorten it.")
    voice = sound.cleaned(samples)
    if voice is None:
        raise BadPrompt("Nothing can be heard in the sound; record it again, louder.")
    return voice


def _kind(data: bytes) -> str:
    """sox's name for the format."""
    begin = data[:12]
    if begin[:4] == b"RIFF" and begin[_OFFSET_OF_KIND:] == b"WAVE":
        return "wav"
    if begin[:4] == b"FORM" and begin[_OFFSET_OF_KIND:-1] == b"AIF":
        return "aiff"
    for magic, kind in (
        (b"ID3", "mp3"),
        (b"fLaC", "flac"),
        (b".snd", "au"),
        (b"#!AMR\n", "amr-nb"),
        (b"Creative Voi", "voc"),
    ):
        if begin.startswith(magic):
            return kind
    if begin[:4] == b"OggS":
        return "opus" if b"OpusHead" in data[:100] else "ogg"
    if len(begin) > 1 and begin[0] == 0xFF and begin[1] & 0xE6 in (0xE2, 0xE4):
        return "mp3"  # MPEG audio, layer III or II
    raise BadPrompt(
        "The file is of no known kind; give WAV, MP3, Ogg Vorbis, Opus, FLAC, AIFF, AU, AMR or VOC."
    )


def _run(argv: Sequence[str]) -> None:
    try:
        done = subprocess.run(  # noqa: S603
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BadPrompt("The file takes too long to read; give a shorter one.") from None
    except OSError as error:
        raise BadPrompt(
            f"sox cannot be run ({error.strerror}); see `callcenter pbx doctor`."
        ) from None
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        why = lines[-1].partition(": ")[2] or lines[-1]
        raise BadPrompt(f"The file is no sound that can be read ({' '.join(why.split())[:120]}).")
