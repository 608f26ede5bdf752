"""An engine's side of a rig: its calls and events, and that it may die and return."""

import asyncio
from typing import Any

from callcenter.pbx.port import Channel, PbxEvent
from tests.contract.rig import until

_SOON = 5.0


class EngineSide:
    """What every rig that speaks with a PBX has; see :class:`tests.contract.rig.Rig`."""

    pbx: Any  # a ``Pbx``; which one a rig says

    def __init__(self) -> None:
        self.events: list[PbxEvent] = []
        self._listener: asyncio.Task[None] | None = None

    def engine(self) -> Any:
        """A new engine's ``Pbx``."""
        raise NotImplementedError

    async def next_call(self) -> Channel:
        async with asyncio.timeout(_SOON):
            channel: Channel = await anext(self.pbx.calls())
            return channel

    async def engine_dies(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            self._listener = None
            await self.pbx.stop()

    async def engine_returns(self) -> None:
        self.events.clear()
        self.pbx = self.engine()
        await self.pbx.start()
        self._listener = asyncio.create_task(self.listen())
        await until(lambda: bool(self.events), _SOON)

    async def listen(self) -> None:
        """Keep what is told, while it lasts."""
        async for event in self.pbx.events():
            self.events.append(event)
