"""The contract: phones show how many messages wait (R2)."""

import pytest

from callcenter.kernel.errors import PbxProblem
from tests.contract.rig import Rig, rule, until


@rule
async def a_lamp_shows_how_many_messages_wait(rig: Rig) -> None:
    seat = await rig.seat("1001")
    await rig.pbx.lamp("1001", 2, 1)
    await until(lambda: seat.lamp == (2, 1))
    await rig.pbx.lamp("1001", 0, 3)
    await until(lambda: seat.lamp == (0, 3))
    # Whoever registers later is told then, although no engine is there any more.
    await rig.pbx.lamp("1003", 1, 0)
    await rig.engine_dies()
    late = await rig.seat("1003")
    await until(lambda: late.lamp == (1, 0))
    await rig.engine_returns()
    await rig.pbx.lamp("1003", 0, 0)
    await until(lambda: late.lamp == (0, 0))
    with pytest.raises(PbxProblem):
        await rig.pbx.lamp("1001@elsewhere,9", 1, 0)
