"""Recordings of running talks over the event link, and words said into one."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from callcenter.kernel import sound
from callcenter.kernel.errors import PbxProblem
from callcenter.pbx import checked
from callcenter.pbx.freeswitch.dialstring import BREAKS_WORD
from callcenter.pbx.freeswitch.servers import EventLink
from callcenter.pbx.port import record_sides

_LISTED = "_cc_recordings"


class Tapes:
    """By FreeSWITCH's name of a channel."""

    def __init__(self, link: EventLink) -> None:
        self._link = link

    async def record(self, name: str, path: Path) -> bool:
        """See the port."""
        if not await self._exists(name):
            return False
        checked.plain_path(path, refused=BREAKS_WORD)
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        for side, only in zip(record_sides(path), ("READ", "WRITE"), strict=True):
            await self._done("uuid_setvar", name, f"RECORD_{only}_ONLY", "true")
            await self._done("uuid_setvar", name, "RECORD_BRIDGE_REQ", "true")
            begun = await self._done("uuid_record", name, "start", str(side))
            await self._done("uuid_setvar", name, f"RECORD_{only}_ONLY")
            if not begun:
                return False
        await self._done("uuid_setvar", name, _LISTED, str(path))
        return True

    async def stop(self, name: str) -> bool:
        """See the port."""
        return await self._done("uuid_record", name, "stop", "all")

    async def mask(self, name: str, *, on: bool) -> bool:
        """See the port: ``pause_recording``, ``resume_recording``. Masked, silence is written."""
        path = (await self._link.api("uuid_getvar", name, _LISTED)).strip()
        if not path.startswith("/"):
            return False
        word = "mask" if on else "unmask"
        sides = record_sides(Path(path))
        return all([await self._done("uuid_record", name, word, str(side)) for side in sides])

    async def say(self, name: str, files: Sequence[str], *, both: bool) -> bool:
        """See the port. Mixed into what is heard; its end is when its length is over."""
        if not files:
            raise PbxProblem("Nothing can be said: there is no such prompt.")
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
