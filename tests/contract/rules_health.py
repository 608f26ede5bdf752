"""The contract, part on health: what a node knows of its trunks and how many channels it has."""

import asyncio
from datetime import timedelta

from callcenter.pbx.port import TrunkSeen, TrunkState
from tests.contract.rig import PATIENCE, Rig, rule
from tests.contract.rules_call import answered_call


@rule
async def a_trunk_whose_other_end_answers_is_reachable(rig: Rig) -> None:
    await rig.outside("13900000001")
    async with asyncio.timeout(PATIENCE):
        while True:
            seen = await rig.pbx.trunks(["world", "nobodys"])
            if seen["world"].state is TrunkState.REACHABLE:
                break
            await asyncio.sleep(0.1)
    assert seen["world"].round_trip is not None
    assert timedelta() < seen["world"].round_trip < timedelta(seconds=3)
    assert seen["nobodys"] == TrunkSeen()


@rule
async def channels_are_counted(rig: Rig) -> None:
    before = await rig.pbx.channels()
    caller, channel = await answered_call(rig)
    assert await rig.pbx.channels() == before + 1
    await caller.hang_up()
    async with asyncio.timeout(PATIENCE):
        while await rig.pbx.channels() > before:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    del channel
