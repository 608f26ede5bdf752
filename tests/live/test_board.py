"""The live feed of a real engine on a real Asterisk: a call is followed through a broken line."""

import asyncio
from typing import Any

import pytest

from callcenter.web.listening import Board, listen
from tests.support.site import DIALLED, Site, until

pytestmark = pytest.mark.live


class Watching(Board):
    """A board that remembers what each row went through."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.states: dict[str, list[str]] = {"call": [], "seat": []}
        self._site = site
        self._task: asyncio.Task[None] | None = None

    def connect(self) -> None:
        path = self._site.settings.socket
        self._task = asyncio.create_task(listen(path, self, self._note, lambda _why: None))

    async def cut(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def change(self, kind: str, key: str, row: dict[str, Any] | None) -> None:
        super().change(kind, key, row)
        if kind == "call" or (kind, key) == ("seat", "1001"):
            state = row["state"] if row else "gone"
            if self.states[kind][-1:] != [state]:
                self.states[kind].append(state)

    def _note(self) -> None:
        pass

    def state(self) -> str:
        return self.states["call"][-1] if self.states["call"] else ""


async def test_a_call_is_followed_through_a_broken_line(site: Site) -> None:
    agent = await site.agent("1001")
    await asyncio.to_thread(site.client.busy, "1001", "lunch")
    await until(lambda: not site.client.calls())
    board = Watching(site)
    board.connect()
    await until(lambda: bool(board.whys))
    caller = await site.caller("13800000001")
    call = await caller.dial(DIALLED)
    await call.hears(site.prompt("welcome"), within=8)
    await call.press("1")
    await until(lambda: board.state() == "waiting", why="the board to show a waiting caller")
    queue = board.rows["queue"]["sales"]
    assert (queue["waiting"], queue["ready"], queue["logged_in"]) == (1, 0, 1)
    await board.cut()
    await asyncio.to_thread(site.client.ready, "1001")
    ringing = await agent.rings(within=8)
    await site.seat_is("1001", state="ringing")
    await ringing.answer()
    await site.call_is("13800000001", state="talking")
    assert board.state() == "waiting"  # it was told nothing meanwhile
    board.connect()
    await until(lambda: board.state() == "talking")
    [row] = board.rows["call"].values()
    seat = board.rows["seat"]["1001"]
    assert (row["seat"], row["trunk"], row["dialled"]) == ("1001", "world", DIALLED)
    assert (seat["caller"], seat["queue"], seat["call"]) == ("13800000001", "sales", row["call"])
    await call.hang_up()
    await until(lambda: board.state() == "gone")
    await until(lambda: board.rows["queue"]["sales"]["now"]["answered"] == 1)
    await board.cut()
    assert board.whys == ["first"]  # resumed, not told anew
    told = [state for state in board.states["call"] if state != "in_flow"]
    assert told == ["arriving", "waiting", "ringing", "talking", "gone"]
    assert board.states["seat"][-3:] == ["ringing", "talking", "wrap_up"]
    machine = board.machine
    assert machine is not None
    assert machine["channels"] is not None
