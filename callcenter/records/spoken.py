"""What somebody spoke onto a channel, from the PBX's raw file to one that is kept."""

from contextlib import suppress
from pathlib import Path

import structlog

from callcenter.kernel import sound

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
