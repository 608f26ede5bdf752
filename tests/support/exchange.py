"""The outside world behind a trunk: one SIP address that has every number there is."""

import socket

from tests.support.phone import Behaviour, IncomingCall, Phone, never

WORLD = "127.0.0.3"


def free_port(ip: str = WORLD) -> int:
    """A UDP port to put into the trunk's contact before anybody listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((ip, 0))
        return int(probe.getsockname()[1])


class Exchange:
    """Numbers of the world; each behaves as told, by default it rings for ever."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.behaviours: dict[str, Behaviour] = {}
        phone.on_ring = self._on_ring

    @classmethod
    async def open(cls, port: int, server: tuple[str, int]) -> "Exchange":
        """Listen where the trunk's contact points."""
        return cls(await Phone.open(ip=WORLD, port=port, server=server, user="world"))

    def calls(self, number: str) -> list[IncomingCall]:
        """Calls that this number got, in order."""
        return [call for call in self.phone.incoming if call.dialled == number]

    async def _on_ring(self, call: IncomingCall) -> None:
        await self.behaviours.get(call.dialled, never)(call)
