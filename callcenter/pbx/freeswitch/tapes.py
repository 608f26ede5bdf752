"""Recordings of running talks, and words said into one; FreeSWITCH's half that needs no script.

A recording is a media bug on the caller's channel, which goes where that goes. FreeSWITCH itself
knows what is recorded where; a next engine asks it. Masked, it writes silence.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from callcenter.kernel import sound
from callcenter.kernel.errors import PbxProblem
from callcenter.pbx import checked
from callcenter.pbx.freeswitch.dialstring import BREAKS_WORD
from callcenter.pbx.freeswitch.servers import EventLink
from callcenter.pbx.turns import Turns

Api = Callable[..., Awaitable[str]]
"""Runs an API command, word by word; its answer."""

# Only while joined, however short. Both sides in one file: in two, FreeSWITCH would put a frame too
# many into the side that it sends whenever one is late, and the sides drift apart.
_HOW = "{RECORD_STEREO=true,RECORD_BRIDGE_REQ=true,RECORD_MIN_SEC=0,RECORD_PRE_BUFFER_FRAMES=0}"
_RECORDED = re.compile(r"<function>session_record</function>\s*<target>(.*?)</target>")


async def begin(api: Api, name: str, path: Path) -> bool:
    """Record the channel of this name; ``False`` when it is gone."""
    checked.plain_path(path, refused=BREAKS_WORD)
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    return not (await api("uuid_record", name, "start", str(path), "0", _HOW)).startswith("-")


async def end(api: Api, name: str) -> bool:
    """Close the files; ``False`` when nothing was recorded."""
    return not (await api("uuid_record", name, "stop", "all")).startswith("-")


class Tapes:
    """By FreeSWITCH's name of a channel."""

    def __init__(self, link: EventLink) -> None:
        self._link = link
        self._turns = Turns()

    async def record(self, name: str, path: Path) -> bool:
        """See the port."""
        return await begin(self._link.api, name, path)

    async def stop(self, name: str) -> bool:
        """See the port."""
        return await end(self._link.api, name)

    async def mask(self, name: str, *, on: bool) -> bool:
        """See the port: ``pause_recording``, ``resume_recording``."""
        sides = _RECORDED.findall(await self._link.api("uuid_buglist", name))
        word = "mask" if on else "unmask"
        done = [await self._done("uuid_record", name, word, side) for side in sides]
        return bool(done) and all(done)

    async def say(self, name: str, files: Sequence[str], *, both: bool) -> bool:
        """See the port. Mixed into what is heard; its end is when its length is over."""
        if not files:
            raise PbxProblem("Nothing can be said: there is no such prompt.")
        async with self._turns.of(name):
            for file in files:
                if not await self._bridged(name):
                    return False
                length = await asyncio.to_thread(_seconds, Path(file))
                for limb in ("aleg", "bleg") if both else ("aleg",):
                    await self._displace(name, file, limb)
                await asyncio.sleep(length)
            return await self._bridged(name)

    async def _displace(self, name: str, file: str, limb: str) -> None:
        other = (await self._link.api("uuid_getvar", name, "bridge_uuid")).strip()
        await self._done(
            "uuid_displace", name if limb == "aleg" else other, "start", file, "0", "mux"
        )

    async def _bridged(self, name: str) -> bool:
        other = (await self._link.api("uuid_getvar", name, "bridge_uuid")).strip()
        return other not in ("", "_undef_") and await self._exists(other)

    async def _exists(self, name: str) -> bool:
        return (await self._link.api("uuid_exists", name)).strip() == "true"

    async def _done(self, *words: str) -> bool:
        return not (await self._link.api(*words)).startswith("-")


def _seconds(file: Path) -> float:
    return len(sound.read(file)) / 8000
