"""greenswitch's sessions with its faults fenced off; everything here runs in the gevent thread.

Its parser decodes before it splits, it reads without bounds, it may write half a command, and its
queue of events is polled. What is kept: sockets, log-in, the order of commands and replies.
"""

from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import AsyncResult
from gevent.lock import BoundedSemaphore
from greenswitch.esl import InboundESL, NotConnectedError, OutboundSession

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.freeswitch.esl_wire import (
    LONGEST_BLOCK,
    LONGEST_LIST,
    Block,
    EslEvent,
    parse_block,
    parse_event,
)

_CONNECT_SECONDS = 5.0


class _Fenced:
    """Goes before greenswitch's class; ``on_event`` and ``on_end`` are called in this thread."""

    sock: Any
    sock_file: Any
    connected: bool
    _auth_request_event: Any
    _commands_sent: list[AsyncResult]
    on_event: Callable[[EslEvent], None]
    on_end: Callable[[str], None]
    why = ""
    """Why it is over."""
    longest_body = LONGEST_BLOCK

    def start_event_handlers(self) -> None:
        """Read; events are told as they come, nobody polls."""
        self._writing = BoundedSemaphore()
        self._receive_events_greenlet = gevent.spawn(self.receive_events)
        self._process_events_greenlet = None

    def receive_events(self) -> None:
        """Until the other side is gone or talks nonsense."""
        why = "FreeSWITCH closed the connection"
        try:
            while (block := self._read()) is not None:
                self._take(block)
        except (OSError, PbxProblem) as error:
            why = str(error).rstrip(".") or type(error).__name__
        finally:
            self.connected, self.why = False, why
            self.sock_file.close()
            self.sock.close()
            self._auth_request_event.set()
            for waiting in self._commands_sent:
                waiting.set_exception(NotConnectedError(why))
            self._commands_sent.clear()
            self.on_end(why)

    def _read(self) -> Block | None:
        rows: list[bytes] = []
        size = 0
        while True:
            row = self.sock_file.readline(LONGEST_BLOCK)
            size += len(row)
            if not row:
                return None
            if not row.endswith(b"\n") or size > LONGEST_BLOCK:
                raise PbxProblem("FreeSWITCH sent a message without end")
            if row != b"\n":
                rows.append(row)
            elif rows:
                break
        headers = parse_block(b"".join(rows).decode("utf-8", "replace"))
        told = headers.get("Content-Length", "0")
        length = int(told) if told.isdecimal() and len(told) < 20 else -1
        if not 0 <= length <= self.longest_body:
            raise PbxProblem("FreeSWITCH sent a message whose length is none")
        body = self.sock_file.read(length) if length else b""
        if len(body) < length:
            return None
        return Block(headers=headers, body=body.decode("utf-8", "replace"))

    def _take(self, block: Block) -> None:
        match block.kind:
            case "auth/request":
                self._auth_request_event.set()
            case "command/reply" | "api/response":
                if self._commands_sent:
                    self._commands_sent.pop(0).set(block)
            case "text/event-json":
                self.on_event(parse_event(block.body))
            case "text/rude-rejection":
                raise PbxProblem("the access list of FreeSWITCH's event socket refuses us")
            case _:
                pass  # a notice that it will close; the end of the stream follows

    def send(self, data: str) -> Block:
        """Send whole and wait for the reply.

        Raises:
            NotConnectedError: there is no connection (any more).
        """
        reply = AsyncResult()
        with self._writing:
            if not self.connected:
                raise NotConnectedError("not connected")
            self._commands_sent.append(reply)
            self.sock.sendall((data + "\n\n").encode())
        answer: Block = reply.get()
        return answer

    def close(self) -> None:
        """End the connection; :attr:`on_end` was called when this returns."""
        self.connected = False
        greenlet = self._receive_events_greenlet
        if greenlet is not None:
            greenlet.kill()
        else:
            if (sock := getattr(self, "sock", None)) is not None:
                sock.close()
            self.on_end("it never began")


class InboundSession(_Fenced, InboundESL):  # type: ignore[misc]
    """Our connection to the event socket."""

    host: str
    port: int
    longest_body = LONGEST_LIST

    def __init__(
        self,
        host: str,
        port: int,
        password: str,
        *,
        on_event: Callable[[EslEvent], None],
        on_end: Callable[[str], None],
    ) -> None:
        super().__init__(host, port, password, timeout=_CONNECT_SECONDS)
        self.on_event, self.on_end = on_event, on_end

    def authenticate(self) -> None:
        """Log in.

        Raises:
            PbxProblem: the password is another.
        """
        if not self.send(f"auth {self.password}").headers.get("Reply-Text", "").startswith("+OK"):
            raise PbxProblem(
                f"FreeSWITCH at {self.host}:{self.port} refuses the password of its event socket: "
                "check event_socket.conf and the settings."
            )


class CallSession(_Fenced, OutboundSession):  # type: ignore[misc]
    """FreeSWITCH's connection to us for one channel."""

    def __init__(
        self,
        address: Any,
        sock: Any,
        *,
        on_event: Callable[[EslEvent], None],
        on_end: Callable[[str], None],
    ) -> None:
        self.on_event, self.on_end = on_event, on_end
        super().__init__(address, sock)

    def register_handle(self, name: str, handler: object) -> None:
        """Nobody but us is told."""
