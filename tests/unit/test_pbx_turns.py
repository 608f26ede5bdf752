"""Turns: one at a time by name, in order, and nothing is left behind."""

import asyncio

from callcenter.pbx.turns import Turns


async def test_one_at_a_time_in_order_and_others_beside() -> None:
    turns, told = Turns(), list[str]()

    async def take(name: str, word: str) -> None:
        async with turns.of(name):
            told.append(f"{word} begins")
            for _ in range(3):
                await asyncio.sleep(0)
            told.append(f"{word} ends")

    async def late() -> None:
        await asyncio.sleep(0)
        await take("a", "third")

    lost = asyncio.ensure_future(take("a", "lost"))
    await asyncio.sleep(0)
    lost.cancel()
    everyone = (take("a", "first"), take("a", "second"), take("b", "other"), late())
    await asyncio.gather(lost, *everyone, return_exceptions=True)
    mine = [word for word in told if not word.startswith(("other", "lost"))]
    assert mine == [
        f"{n} {what}" for n in ("first", "second", "third") for what in ("begins", "ends")
    ]
    assert told.index("other begins") < told.index("first ends")
    assert not turns._locks
    assert not turns._wanted
