"""Rooms need modules of FreeSWITCH that may not be there: refused by name, before a phone rings."""

import pytest

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.freeswitch.rooms import RoomModules, guest, link


class Eye:
    """An event link to a FreeSWITCH without some modules."""

    def __init__(self, *missing: str) -> None:
        self.missing, self.asked = set(missing), 0

    async def api(self, *words: str) -> str:
        self.asked += 1
        assert words[0] == "module_exists"
        return "false" if words[1] in self.missing else "true\n"


async def test_a_module_that_is_missing_is_named() -> None:
    for module in ("mod_conference", "mod_loopback"):
        eye = Eye(module)
        rooms = RoomModules(eye)
        with pytest.raises(PbxProblem, match=f"has no {module}"):
            await rooms.require()
        eye.missing.clear()  # installed and loaded since
        await rooms.require()


async def test_modules_that_are_there_are_asked_for_once() -> None:
    eye = Eye()
    rooms = RoomModules(eye)
    await rooms.require()
    asked = eye.asked
    await rooms.require()
    assert eye.asked == asked


def test_only_plain_names_reach_the_dialplan() -> None:
    assert (link("r-1"), guest("r-1")) == ("loopback/cc-room-r-1/cc", "&conference(r-1@cc)")
    for room in ("", "a b", "r)", "r@other", "${X}"):
        for made in (link, guest):
            with pytest.raises(PbxProblem):
                made(room)
