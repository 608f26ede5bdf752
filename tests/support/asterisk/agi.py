"""FastAGI as Asterisk speaks it: one connection for a channel, a command at a time, HANGUP told."""

import asyncio
import shlex
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.asterisk.channel import Channel, Gone
from tests.support.asterisk.dialplan import expand

if TYPE_CHECKING:
    pass

_DEAD = "511 result=-1 Command Not Permitted on a dead channel"
_ON_DEAD = ("GET FULL VARIABLE", "SET VARIABLE", "EXEC")
_BYTES_A_SECOND = 16_000


async def run(channel: Channel, arguments: str) -> None:
    """``AGI(agi://host:port/script,a,b...)``; whatever ends it, the dialplan goes on."""
    url, *told = arguments.split(",")
    if not url.startswith("agi://"):
        await channel.rest(1)  # the apology, by a process of its own
        return
    place, _, script = url.removeprefix("agi://").partition("/")
    host, _, port = place.partition(":")
    try:
        reader, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return
    writer.write(_opening(channel, url, script, told))
    session = _Session(channel, reader, writer)
    try:
        await session.serve()
    finally:
        session.end()


def _opening(channel: Channel, url: str, script: str, told: list[str]) -> bytes:
    rows = {
        "network": "yes",
        "network_script": script,
        "request": url,
        "channel": channel.name,
        "uniqueid": channel.uniqueid,
        "callerid": channel.presented or "unknown",
        "calleridname": channel.presented_name or "unknown",
        "callingpres": "0",
        "context": channel.context,
        "extension": channel.exten,
        "priority": str(channel.priority),
    }
    rows |= {f"arg_{at}": value for at, value in enumerate(told, 1)}
    return ("".join(f"agi_{name}: {value}\n" for name, value in rows.items()) + "\n").encode()


def seconds_of(path: str) -> float:
    """How long a file plays; 0 when there is none."""
    file = Path(f"{path}.wav")
    return (file.stat().st_size - 44) / _BYTES_A_SECOND if file.is_file() else 0.0


class _Session:
    def __init__(
        self, channel: Channel, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._channel, self._reader, self._writer = channel, reader, writer
        self._lines: deque[str] = deque()
        self._over = self._stopped = False
        self._reading = channel.switch.spawn(self._read())

    async def _read(self) -> None:
        try:
            while True:
                self._lines.append((await self._reader.readuntil(b"\n")).decode().rstrip("\n"))
                self._channel.poke()
        except (asyncio.IncompleteReadError, OSError):
            self._over = True
            self._channel.poke()

    def end(self) -> None:
        """No more of it."""
        self._reading.cancel()
        self._writer.close()

    def _say(self, line: str) -> None:
        if not self._writer.is_closing():
            self._writer.write(f"{line}\n".encode())

    async def serve(self) -> None:
        """Until the other side ends it; a hang-up or a redirect is told and does not end it."""
        channel, dead = self._channel, False
        while not self._over:
            if not dead and (channel.hung_up_ or channel.sent):
                dead = True
                self._say("HANGUP")
            elif self._lines:
                self._say(await self._answer(shlex.split(self._lines.popleft()), dead=dead))
            else:
                await channel.changes()
                channel.keys.clear()  # nobody reads keys between commands
        if not dead:
            await channel.rest(0)

    async def _answer(self, words: list[str], *, dead: bool) -> str:
        command = " ".join(words)
        if dead and not command.startswith(_ON_DEAD):
            return _DEAD
        try:
            return await self._do(words)
        except Gone:
            return "200 result=-1"

    async def _do(self, words: list[str]) -> str:
        channel = self._channel
        match words:
            case ["ANSWER"]:
                channel.answer()
                return "200 result=0"
            case ["SET", "VARIABLE", name, value]:
                channel.set(name, value)
                return "200 result=1"
            case ["GET", "FULL", "VARIABLE", text]:
                return f"200 result=1 ({expand(text, channel.look)})"
            case ["SET", "MUSIC", on, *music]:
                name = "".join(music) or "default"
                channel.person.sound = f"music:{name}" if on == "ON" else ""
                return "200 result=0"
            case ["STREAM", "FILE", path, *keys]:
                return await self._stream(path, "".join(keys))
            case ["WAIT", "FOR", "DIGIT", milliseconds]:
                key = await self._key(int(milliseconds) / 1000, "0123456789*#ABCD")
                return f"200 result={ord(key) if key else 0}"
            case ["EXEC", name, *arguments]:
                known = await channel.switch.execute(channel, name, "".join(arguments))
                return f"200 result={0 if known else -2}"
        return "510 Invalid or unknown command"

    async def _stream(self, path: str, keys: str) -> str:
        seconds = seconds_of(path)
        if not seconds:
            return "200 result=0 endpos=0"
        if self._channel.state != "Up":
            self._channel.answer()
        samples = int(seconds * _BYTES_A_SECOND) // 2
        key = await self._key(seconds, keys, stops=True)
        if not key and not self._stopped:
            self._channel.person.played.append(path)
        return f"200 result={ord(key) if key else 0} endpos={samples}"

    async def _key(self, seconds: float, keys: str, *, stops: bool = False) -> str:
        """A key among these, within a time; what comes in otherwise is lost."""
        found: list[str] = []

        def pressed() -> bool:
            while self._channel.keys and not found:
                if (key := self._channel.keys.popleft()) in keys:
                    found.append(key)
            return bool(found) or self._over

        whole = await self._channel.rest(seconds, until=pressed)
        self._stopped = stops and (not whole or self._over)
        return "".join(found)
