"""What somebody spoke onto a channel: from the PBX's raw file to one that is kept, and to ears."""

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path

import structlog

from callcenter.kernel import sound
from callcenter.kernel.folders import make_private
from callcenter.kernel.ids import new_id
from callcenter.pbx.port import Channel, Prompt

_log = structlog.get_logger(__name__)
_SHORTEST = 0.5  # seconds with the margins: less is a receiver put down


def keep_spoken(raw: Path, path: Path) -> float:
    """Keep what was said, trimmed and levelled; how many seconds, 0 when there was nothing.

    ``raw`` and the note beside it are gone afterwards. Blocking.
    """
    try:
        voice = sound.cleaned(sound.read(raw))
        if voice is None or voice.seconds < _SHORTEST:
            return 0.0
        voice.save(path)
    except FileNotFoundError:
        return 0.0
    except (OSError, ValueError) as error:
        # Better a raw message than none.
        _log.error("message kept as it came", file=str(raw), why=str(error))
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        raw.replace(path)
        return max(0.1, (path.stat().st_size - 44) / 16000)
    else:
        return voice.seconds
    finally:
        with suppress(OSError):
            raw.unlink(missing_ok=True)
            raw.with_suffix(".json").unlink(missing_ok=True)


def is_spoken(raw: Path) -> bool:
    """Whether anything is to be heard in it. Blocking."""
    try:
        return sound.cleaned(sound.read(raw)) is not None
    except (OSError, ValueError):
        return False


def take_over(again: Path, raw: Path) -> None:
    """What was spoken again replaces what was before; silence does not. Blocking."""
    with suppress(OSError):
        if is_spoken(again):
            again.replace(raw)
        else:
            again.unlink(missing_ok=True)


async def play_file(
    channel: Channel, file: Path, sounds: Path, tenant: str, language: str, *, stop_on: str = ""
) -> str:
    """Play a file that is no prompt; the key out of ``stop_on`` that ended it.

    ``sounds`` is the folder of tenants' prompts: the PBX plays from there, so a copy stands there
    meanwhile.
    """
    folder, name = sounds / language / "tenant" / tenant / "takes", new_id("t")
    copy = folder / f"{name}.wav"
    await asyncio.to_thread(_copy, file, copy)
    try:
        prompt = Prompt(f"{language}/tenant/{tenant}/takes/{name}")
        return await channel.play([prompt], stop_on=stop_on or "0123456789*#")
    finally:
        await asyncio.to_thread(copy.unlink, missing_ok=True)


def _copy(file: Path, copy: Path) -> None:
    make_private(copy.parent)
    shutil.copyfile(file, copy)
