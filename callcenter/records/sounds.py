"""What callers spoke (messages, comments), kept encrypted below one folder. Blocking.

A sound is sealed with its tenant's key as recordings are (``vault``) and bound to its place, so
that none can be put in another's. What cannot be sealed now, for want of the master key, of the
database or of room, waits as it came, for its owner's eyes only, and can be heard meanwhile: better
a raw message than none. Plain files, from before there was encryption, are read as they are.
"""

from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.kernel import sound
from callcenter.kernel.errors import CallCenterError
from callcenter.kernel.folders import make_private
from callcenter.records.keys import KeyRing, NoKey
from callcenter.records.vault import SUFFIX, Damaged, Opened, seal_file

_log = structlog.get_logger(__name__)
_SHORTEST = 0.5  # seconds with the margins: less is a receiver put down
_WAITING = "waiting"


class SpokenSounds:
    """The sounds below ``folder``. Paths are relative to it and end in ``vault.SUFFIX``."""

    def __init__(self, folder: Path, keys: KeyRing) -> None:
        self.folder = folder
        self._keys = keys

    def taking(self, name: str) -> Path:
        """Where the PBX writes it, unencrypted, until it is kept."""
        return self.folder / "taking" / f"{name}.wav"

    def keep(self, raw: Path, tenant: str, path: str) -> float:
        """Keep what was said, trimmed and levelled; how many seconds, 0 when there was nothing.

        ``raw`` is left to :func:`forget`, unless it is what waits.
        """
        try:
            wav, seconds = _cleaned(raw)
        except FileNotFoundError:
            return 0.0
        if seconds:
            try:
                self._seal(wav, tenant, path)
            except (NoKey, SQLAlchemyError, OSError) as error:
                why = str(error).splitlines()[0]
                _log.error("ALARM: what was spoken waits unencrypted", path=path, why=why)
                waiting = self._waiting(tenant, path)
                make_private(waiting.parent)
                raw.replace(waiting)
        return seconds

    def read(self, tenant: str, path: str) -> bytes:
        """The WAV.

        Raises:
            FileNotFoundError: it is gone.
            Damaged: it is not what was kept.
            NoKey: it cannot be opened.
        """
        file = self.folder / path
        if file.suffix != SUFFIX:
            return file.read_bytes()
        if not file.exists():
            return _cleaned(self._waiting(tenant, path))[0]
        return b"".join(Opened(file, self._keys.key, place=path).read())

    def check(self, tenant: str, path: str) -> tuple[str, str]:
        """How it is kept (``sealed``, ``plain``, ``waiting``), and what is wrong with it, if so."""
        file = self.folder / path
        state = "sealed" if file.suffix == SUFFIX else "plain"
        if state == "sealed" and not file.exists() and self._waiting(tenant, path).exists():
            state = "waiting"
        try:
            self.read(tenant, path)
        except FileNotFoundError:
            return state, f"{file} is gone"
        except OSError as error:
            return state, f"{file} cannot be read: {error.strerror}"
        except (Damaged, NoKey) as error:
            return state, str(error).rstrip(".")
        return state, ""

    def remove(self, tenant: str, path: str) -> None:
        """Delete it; harmless when it is gone."""
        (self.folder / path).unlink(missing_ok=True)
        self._waiting(tenant, path).unlink(missing_ok=True)

    def seal_waiting(self) -> int:
        """Seal what had to wait; how many it were.

        Raises:
            CallCenterError, SQLAlchemyError, OSError: it must wait on.
        """
        sealed = 0
        for file in sorted((self.folder / _WAITING).glob("*/**/*.wav")):
            owner, *rest = file.relative_to(self.folder / _WAITING).parts
            path = Path(*rest).with_suffix(SUFFIX).as_posix()
            self._seal(_cleaned(file)[0], unquote(owner.removeprefix("of-")), path)
            file.unlink()
            sealed += 1
        return sealed

    def seal_what_waits(self) -> None:
        """The same, and what is wrong is logged."""
        try:
            if sealed := self.seal_waiting():
                _log.info("what was spoken is encrypted now", count=sealed)
        except (CallCenterError, SQLAlchemyError, OSError) as error:
            _log.error("what was spoken waits unencrypted", why=str(error).splitlines()[0])

    def _seal(self, wav: bytes, tenant: str, path: str) -> None:
        key = self._keys.current(tenant)
        seal_file(self.folder / path, [wav], key=key, plain_size=len(wav), place=path)

    def _waiting(self, tenant: str, path: str) -> Path:
        owner = "of-" + quote(tenant, safe="")
        return (self.folder / _WAITING / owner / path).with_suffix(".wav")


def forget(raw: Path) -> None:
    """Delete what the PBX wrote, and the note beside it."""
    with suppress(OSError):
        raw.unlink(missing_ok=True)
        raw.with_suffix(".json").unlink(missing_ok=True)


def is_spoken(raw: Path) -> bool:
    """Whether anything is to be heard in it."""
    try:
        return sound.cleaned(sound.read(raw)) is not None
    except (OSError, ValueError):
        return False


def take_over(again: Path, raw: Path) -> None:
    """What was spoken again replaces what was before; silence does not."""
    with suppress(OSError):
        if is_spoken(again):
            again.replace(raw)
        else:
            again.unlink(missing_ok=True)


def _cleaned(raw: Path) -> tuple[bytes, float]:
    """A WAV and its seconds; of what is no WAV of ours, the file as it is."""
    try:
        voice = sound.cleaned(sound.read(raw))
    except ValueError as error:
        _log.error("kept as it came", file=str(raw), why=str(error))
        data = raw.read_bytes()
        return data, max(0.1, (len(data) - 44) / 16000)
    if voice is None or voice.seconds < _SHORTEST:
        return b"", 0.0
    return voice.wav(), voice.seconds
