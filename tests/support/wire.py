"""Asterisk's two wires, played by a test: an AMI server, and the PBX's end of FastAGI calls."""

import asyncio
from collections.abc import Callable

from tests.support.played import PlayedCall, PlayedServer

Headers = dict[str, str]
Answer = Callable[[Headers], str | None]

BANNER = b"Asterisk Call Manager/11.0.0\r\n"


class AmiServer(PlayedServer):
    """Speaks AMI. What an action gets for an answer is in :attr:`answers`; ``None`` is silence."""

    def __init__(self) -> None:
        super().__init__()
        self.actions: list[Headers] = []
        self.logins = 0
        self.answers: dict[str, Answer] = {
            "Login": lambda action: "Response: Success\r\nMessage: Authentication accepted",
            "Ping": lambda action: "Response: Success\r\nPing: Pong",
        }
        self.greets_with_booted = True

    def event(self, name: str, **fields: str) -> None:
        """An event to whoever is connected."""
        lines = [f"Event: {name}", *(f"{key}: {value}" for key, value in fields.items())]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def named(self, name: str) -> list[Headers]:
        """Actions of that name that came so far."""
        return [action for action in self.actions if action["Action"] == name]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        writer.write(BANNER)
        try:
            while True:
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
                pairs = [line.partition(": ") for line in block.strip().split("\r\n")]
                self._take({name: value for name, _, value in pairs}, writer)
        except (asyncio.IncompleteReadError, OSError):
            writer.transport.abort()

    def _take(self, action: Headers, writer: asyncio.StreamWriter) -> None:
        self.actions.append(action)
        name = action["Action"]
        answer = self.answers.get(name, lambda action: None)(action)
        if answer is not None:
            writer.write(f"{answer}\r\nActionID: {action['ActionID']}\r\n\r\n".encode())
        if name == "Login" and answer is not None and "Success" in answer:
            self.logins += 1
            if self.greets_with_booted:
                writer.write(b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n")
        self._changed.set()


class AgiCall(PlayedCall):
    """One FastAGI connection."""

    @classmethod
    async def connect(cls, port: int, *, key: str = "key", **fields: str) -> "AgiCall":
        """Connect and say the opening block; ``fields`` add to it or replace lines of it."""
        environment = {
            "network": "yes",
            "network_script": f"{key}/call",
            "request": f"agi://127.0.0.1/{key}/call",
            "channel": "PJSIP/trunk-world-00000001",
            "uniqueid": "1700000000.1",
            "callerid": "13800000001",
            "calleridname": "unknown",
            "callingpres": "0",
            "context": "cc-loop",
            "extension": "s",
            "priority": "3",
            "arg_1": "call=",
            "arg_2": "source=trunk",
            "arg_3": "dialled=4008001234",
            **fields,
        }
        call = cls(*await asyncio.open_connection("127.0.0.1", port))
        lines = [f"agi_{name}: {value}\n" for name, value in environment.items()]
        call.writer.write(("".join(lines) + "\n").encode())
        return call

    async def expects(self, beginning: str, answer: str = "200 result=0") -> str:
        """Take the next command, which must begin like this, and answer it."""
        command = await self.takes(beginning)
        self.say(answer)
        return command

    def say(self, *lines: str) -> None:
        """Send lines."""
        self.writer.write("".join(f"{line}\n" for line in lines).encode())

    async def _read(self) -> str:
        return (await self.reader.readuntil(b"\n")).decode().rstrip("\n")
