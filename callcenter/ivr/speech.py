"""Prompts out of text: espeak-ng speaks, sox trims, levels and brings to the telephone's rate.

The catalogue is ``ivr_prompts/prompts.toml``, the pieces of spoken numbers ``speech.toml`` beside
it; audio goes to ``<folder>/<language>/<name>.wav`` (8 kHz mono 16-bit), music for waiting callers
to ``<folder>/music/default``. Whoever calls says how the two programs are run, so this room knows
nothing of where they come from. Another engine takes espeak's place as a :class:`Speaker`.
"""

import hashlib
import json
import os
import subprocess
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from callcenter.ivr.tune import write_beep, write_tune
from callcenter.kernel.errors import BadSettings, CallCenterError
from callcenter.settings import PROJECT

CATALOGUE = PROJECT / "ivr_prompts" / "prompts.toml"
PIECES = PROJECT / "ivr_prompts" / "speech.toml"
LANGUAGES = ("en", "zh", "ja")
VOICES = {  # espeak-ng's options for voice and words a minute
    "en": ("-v", "en-us", "-s", "160"),
    "zh": ("-v", "cmn", "-s", "190"),
    "ja": ("-v", "ja", "-s", "180"),
}
_RECIPE = "1"  # change it when the sound changes: everything is made anew
_MADE = "made.json"
_TUNE = "music/default/tune"


class Speaker(Protocol):
    """A speech engine."""

    def speak(self, text: str, language: str) -> bytes:
        """The text as a WAV file of any rate (blocking).

        Raises:
            SpeechProblem: it cannot, and why.
        """


class SpeechProblem(CallCenterError):
    """A prompt could not be made."""

    code = "speech"
    exit_status = 4


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """One text to speak; ``name`` as in ``en/welcome``."""

    name: str
    voice: tuple[str, ...]
    text: str

    @property
    def fingerprint(self) -> str:
        """Differs whenever the audio would."""
        return hashlib.sha256(f"{_RECIPE} {self.voice} {self.text}".encode()).hexdigest()


def read_catalogue(
    file: Path = CATALOGUE, languages: Sequence[str] = LANGUAGES
) -> Iterator[Prompt]:
    """Every prompt in every language asked for.

    Raises:
        BadSettings: the file cannot be read or a text is missing.
    """
    for name, texts in _tables(file).items():
        for language in languages:
            text = texts.get(f"{language}-kana") or texts.get(language)
            if not text:
                raise BadSettings(f"{file}: prompt {name!r} has no text in {language!r}; add it.")
            yield Prompt(name=f"{language}/{name}", voice=VOICES[language], text=text)


def read_pieces(file: Path = PIECES, languages: Sequence[str] = LANGUAGES) -> Iterator[Prompt]:
    """What numbers, money, dates and times are put together from; each language has its own.

    Raises:
        BadSettings: the file cannot be read.
    """
    tables = _tables(file)
    for language in languages:
        for name, text in tables.get(language, {}).items():
            yield Prompt(name=f"{language}/{name}", voice=VOICES[language], text=text)


def _tables(file: Path) -> dict[str, dict[str, str]]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadSettings(f"The prompts {file} cannot be read: {error}. Mend the file.") from None


class Espeak:
    """The speaker we have: espeak-ng."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._argv = argv

    def speak(self, text: str, language: str) -> bytes:
        """See :class:`Speaker`."""
        if language not in VOICES:
            raise SpeechProblem(
                f"Nothing can be spoken in {language!r}; use {', '.join(LANGUAGES)}."
            )
        prompt = Prompt(name=f"{language}/...", voice=VOICES[language], text=text)
        return _run([*self._argv, *prompt.voice, "--stdin", "--stdout"], prompt)


def make(
    folder: Path,
    prompts: Sequence[Prompt],
    *,
    espeak: Sequence[str],
    sox: Sequence[str],
) -> list[str]:
    """Make whatever audio is missing or was made from another text; names of what was made.

    Raises:
        SpeechProblem: a program failed or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = _read_made(folder)
        due = [prompt for prompt in prompts if not _fresh(folder, prompt, made)]
        if made.get(_TUNE) != _RECIPE or not _wav(folder, _TUNE).exists():
            write_tune(_wav(folder, _TUNE))
            made[_TUNE] = _RECIPE
        for language in {prompt.name.partition("/")[0] for prompt in prompts}:
            if not _wav(folder, f"{language}/beep").exists():
                write_beep(_wav(folder, f"{language}/beep"))
        with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            jobs = [pool.submit(_speak, folder, prompt, espeak, sox) for prompt in due]
            for job in jobs:
                job.result()
        made |= {prompt.name: prompt.fingerprint for prompt in due}
        note = folder / f".{_MADE}.{os.getpid()}"
        note.write_text(json.dumps(made, indent=1, sort_keys=True))
        note.replace(folder / _MADE)
    except OSError as error:
        raise SpeechProblem(f"The prompts in {folder} cannot be written: {error}.") from None
    return [prompt.name for prompt in due]


def missing(folder: Path, prompts: Sequence[Prompt]) -> list[str]:
    """Names of prompts (and the music) without audio."""
    names = [prompt.name for prompt in prompts] + [_TUNE]
    return [name for name in names if not _wav(folder, name).exists()]


def _fresh(folder: Path, prompt: Prompt, made: Mapping[str, str]) -> bool:
    return made.get(prompt.name) == prompt.fingerprint and _wav(folder, prompt.name).exists()


def _wav(folder: Path, name: str) -> Path:
    return folder / f"{name}.wav"


def _read_made(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / _MADE).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _speak(folder: Path, prompt: Prompt, espeak: Sequence[str], sox: Sequence[str]) -> None:
    raw = _run([*espeak, *prompt.voice, "--stdin", "--stdout"], prompt)
    trim = ["silence", "1", "0.02", "0.5%", "reverse"] * 2
    shape = [*trim, "pad", "0.05", "0.2", "gain", "-n", "-3"]
    target = _wav(folder, prompt.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Into a file, not a pipe: the header's length is written last.
    new = target.with_name(f".{target.stem}.{os.getpid()}.wav")
    telephone = ["-r", "8000", "-c", "1", "-b", "16", "-e", "signed-integer", str(new)]
    _run([*sox, "-D", "-t", "wav", "--ignore-length", "-", *telephone, *shape], prompt, raw)
    new.replace(target)


def _run(argv: Sequence[str], prompt: Prompt, given: bytes | None = None) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603
            argv,
            input=prompt.text.encode() if given is None else given,
            capture_output=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SpeechProblem(f"Prompt {prompt.name}: {argv[0]} failed: {error}.") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[-200:]
        raise SpeechProblem(f"Prompt {prompt.name}: {argv[0]} failed: {said}.")
    return done.stdout
