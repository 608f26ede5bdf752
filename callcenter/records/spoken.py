"""What somebody spoke is played to a channel: the PBX plays only from the folder of prompts."""

import asyncio
from pathlib import Path

from callcenter.kernel.folders import make_private
from callcenter.kernel.ids import new_id
from callcenter.pbx.port import Channel, Prompt


async def play_sound(
    channel: Channel, wav: bytes, sounds: Path, tenant: str, language: str, *, stop_on: str = ""
) -> str:
    """Play a WAV that is no prompt; the key out of ``stop_on`` (any) that ended it.

    ``sounds`` is the folder of tenants' prompts: a copy stands there meanwhile.
    The engine that starts drops what one that died left there.
    """
    folder, name = sounds / language / "tenant" / tenant / "takes", new_id("t")
    copy = folder / f"{name}.wav"
    await asyncio.to_thread(_write, copy, wav)
    try:
        prompt = Prompt(f"{language}/tenant/{tenant}/takes/{name}")
        return await channel.play([prompt], stop_on=stop_on or "0123456789*#")
    finally:
        await asyncio.to_thread(copy.unlink, missing_ok=True)


def _write(copy: Path, wav: bytes) -> None:
    make_private(copy.parent)
    copy.write_bytes(wav)
