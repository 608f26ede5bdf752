"""One FastAGI connection: a command at a time, answers in step, ``HANGUP`` out of band.

:class:`AgiServer` feeds it lines, :class:`AsteriskChannel` gives it commands. It knows no calls.
"""

import asyncio
from collections.abc import Callable

import structlog

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.asterisk.agi_wire import HANGUP, Reply, ReplyParser, command_line
from callcenter.pbx.port import NodeLost

_log = structlog.get_logger(__name__)


class AgiSession:
    """The commands of one channel.

    ``environment`` is what Asterisk said when it connected; ``on_close`` drops the connection.
    """

    def __init__(
        self,
        environment: dict[str, str],
        write: Callable[[bytes], None],
        on_close: Callable[[], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        self.environment = environment
        self.hungup: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[None] = loop.create_future()
        self._write = write
        self._on_close = on_close
        self._parser = ReplyParser()
        self._awaited: asyncio.Future[Reply] | None = None

    async def command(self, *words: str, patience: float | None = None) -> Reply:
        """Send a command when the one before is answered, and wait for its answer.

        Cancelling gives up the wait only: Asterisk goes on with the command, and the next one
        waits for it. ``patience`` is in seconds; a play or a dial has none.

        Raises:
            NodeLost: the connection ended first, or patience did.
        """
        line = command_line(words)
        await self.idle()
        self._awaited = asyncio.get_running_loop().create_future()
        self._write(line)
        try:
            async with asyncio.timeout(patience):
                reply = await asyncio.shield(self._awaited)
        except TimeoutError:
            self.close()
            raise NodeLost("The PBX does not answer on a call's connection.") from None
        if reply.code in (510, 520):
            raise PbxProblem(f"Asterisk does not know the command {words[0]!r} in this form.")
        return reply

    async def idle(self) -> None:
        """Wait until no command is under way."""
        while self._awaited is not None:
            await asyncio.wait([self._awaited])
        if self.lost.done():
            raise NodeLost("The connection that carried the call's script has ended.")

    def feed(self, line: str) -> None:
        """Take a line from Asterisk."""
        told = self._parser.feed(line)
        if told is HANGUP:
            self.hang_up()
        elif isinstance(told, Reply):
            awaited, self._awaited = self._awaited, None
            if awaited is None:
                _log.warning("answer without a question", line=line[:80])
            else:
                awaited.set_result(told)

    def hang_up(self) -> None:
        """The channel has ended: Asterisk said so, here or elsewhere."""
        if not self.hungup.done():
            self.hungup.set_result(None)

    def ended(self) -> None:
        """The connection is gone."""
        if not self.lost.done():
            self.lost.set_result(None)
        awaited, self._awaited = self._awaited, None
        if awaited is not None:
            awaited.set_exception(NodeLost("The connection ended while a command ran."))
            awaited.exception()  # whoever waits gets it; nobody may

    def close(self) -> None:
        """Let go of the channel: the dialplan goes on behind AGI()."""
        self._on_close()
        self.ended()
