"""panoramisk's AMI protocol with its faults fenced; one connection, no reconnecting here.

Kept from panoramisk 1.4: framing, messages, and knowing when a list of answers is complete.
Fenced: it decodes each chunk of TCP alone, lets a line break in a value start a second header,
keeps an endless line for ever, and would send unanswered actions again over the next connection.
"""

import asyncio
import codecs
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.port import NodeLost

MESSAGE_LIMIT = 1024 * 1024
"""Characters kept while the end of a message has not come."""

Fields = Mapping[str, str | Sequence[str]]
_BREAKS = frozenset("\r\n\0")
_log = structlog.get_logger(__name__)


def encode(fields: Fields) -> bytes:
    """Write an action's headers.

    Raises:
        PbxProblem: a name or value holds CR, LF or NUL, which would start another header.
    """
    lines = []
    for name, value in fields.items():
        for one in [value] if isinstance(value, str) else value:
            lines.append(f"{name}: {one}")
            if not _BREAKS.isdisjoint(lines[-1]):
                raise PbxProblem(
                    "A value with a line break was not sent to the PBX; correct the value."
                )
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace")


class AmiConnection(AMIProtocol):  # type: ignore[misc]
    """One TCP connection. ``on_message`` gets events in order, ``on_end`` is called once."""

    closed: bool
    responses: dict[str, Any]

    def __init__(
        self, on_message: Callable[[Message], None], on_end: Callable[[str], None]
    ) -> None:
        self._on_message = on_message
        self._on_end = on_end
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.heard = 0.0
        """Loop time at which anything last came from Asterisk."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.encoding = "utf-8"
        self.factory = self
        self.heard = asyncio.get_running_loop().time()

    def data_received(self, data: bytes) -> None:
        """Pass on whole characters only; half of one waits for its other half."""
        self.heard = asyncio.get_running_loop().time()
        super().data_received(self._decoder.decode(data).encode("utf-8"))
        if self.queue and len(self.queue[0]) > MESSAGE_LIMIT:
            self.drop("Asterisk sent a message without end")

    def handle_message(self, message: Message) -> None:
        try:
            super().handle_message(message)
        except Exception:
            _log.exception("an AMI message could not be handled")

    def dispatch(self, event: Message) -> None:
        """Called by panoramisk for what answers no action."""
        self._on_message(event)

    def ask(self, fields: Fields, *, as_list: bool | None) -> "asyncio.Future[Any]":
        """Send an action once; the future gets the answer, or :class:`NodeLost` at the end."""
        action = Action(dict(fields), as_list=as_list)
        wire = encode(dict(action.items()))
        if self.closed:
            raise NodeLost("The control connection to the PBX is gone; try again in a moment.")
        self.responses[action.id] = action
        self.transport.write(wire)
        future: asyncio.Future[Any] = action.future
        future.add_done_callback(lambda _: self.responses.pop(action.id, None))
        return future

    def send(self, data: object, as_list: bool = False) -> None:
        raise NotImplementedError("panoramisk's own encoder lets line breaks through; use ask()")

    def connection_lost(self, exc: Exception | Message | None) -> None:
        """The end, told by TCP or by Asterisk's Shutdown event."""
        why = "Asterisk closed the connection"
        if isinstance(exc, Exception):
            why = str(exc) or type(exc).__name__
        self.drop(why)

    def drop(self, why: str) -> None:
        """End the connection; nothing unanswered is ever sent again."""
        if self.closed:
            return
        self.closed = True
        self.transport.abort()
        self.close()
        self._on_end(why)

    def close(self) -> None:
        """Tell whoever waits; panoramisk would keep the actions for the next connection."""
        waiting, self.responses = self.responses, {}
        for action in waiting.values():
            if not action.future.done():
                action.future.set_exception(
                    NodeLost("The PBX went away before it answered; nothing is sent again.")
                )
                action.future.exception()
