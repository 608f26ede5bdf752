"""The control connection to Asterisk: logs in, stays up, asks, and hands events on in order.

It retries for ever with growing pauses. A connection that is open but dead is found out by pings
with a deadline. :class:`AsteriskNode` is its only user.
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import structlog
from panoramisk.message import Message

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.asterisk.ami_wire import AmiConnection, Fields
from callcenter.pbx.port import NodeLost

_BOOT_SECONDS = 30.0  # Asterisk lets us in before all its modules are there
_log = structlog.get_logger(__name__)


class ActionRefused(PbxProblem):
    """Asterisk answered an action with an error; the text is Asterisk's."""

    code = "pbx_refused"


class AmiLink:
    """Keeps one logged-in connection. ``on_up`` and ``on_down`` are told in turn."""

    connect_seconds = 5.0
    answer_seconds = 5.0
    ping_seconds = 5.0

    def __init__(
        self,
        *,
        host: str,
        port: int,
        user: str,
        secret: str,
        on_message: Callable[[Message], None],
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
    ) -> None:
        self._host, self._port = host, port
        self._user, self._secret = user, secret
        self._on_message, self._on_up, self._on_down = on_message, on_up, on_down
        self._connection: AmiConnection | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def up(self) -> bool:
        """Logged in and not known to be broken."""
        return self._connection is not None

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._task = asyncio.get_running_loop().create_task(self._live(), name="ami")

    async def stop(self) -> None:
        """Log off and forget."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def ask(self, fields: Fields) -> Message:
        """Send one action and give its answer.

        Raises:
            ActionRefused: Asterisk said no.
            NodeLost: not connected, or no answer in time; it is unknown whether it was done.
        """
        answer = await self._answer(self._required(), fields, as_list=False)
        if not answer.success:
            raise ActionRefused(str(answer.message) or "Asterisk refused an action.")
        return answer

    async def ask_list(self, fields: Fields) -> list[Message]:
        """Like :meth:`ask` for actions that answer with a list; gives the entries."""
        answer = await self._answer(self._required(), fields, as_list=None)
        if isinstance(answer, list):
            return [one for one in answer[1:] if not str(one.event).endswith("Complete")]
        raise ActionRefused(str(answer.message) or "Asterisk refused a list.")

    def _required(self) -> AmiConnection:
        if self._connection is None:
            raise NodeLost("There is no control connection to the PBX now; try again in a moment.")
        return self._connection

    async def _answer(
        self, connection: AmiConnection, fields: Fields, *, as_list: bool | None
    ) -> Any:
        try:
            async with asyncio.timeout(self.answer_seconds):
                return await connection.ask(fields, as_list=as_list)
        except TimeoutError:
            raise NodeLost(
                f"Asterisk did not answer {fields['Action']} within {self.answer_seconds:.0f} s."
            ) from None

    async def _live(self) -> None:
        told = ""
        pauses = _pauses()
        while True:
            try:
                why = await self._once()
                told, pauses = "", _pauses()
            except PbxProblem as error:
                why = str(error)
            if why != told:
                _log.warning("no control connection to the PBX", why=why)
                self._on_down(why)
            told = why
            await asyncio.sleep(next(pauses))

    async def _once(self) -> str:
        """Connect, log in, and stay until the end; gives the reason of the end."""
        loop = asyncio.get_running_loop()
        end: asyncio.Future[str] = loop.create_future()
        booted: asyncio.Future[str] = loop.create_future()

        def take(message: Message) -> None:
            if message.event == "FullyBooted" and not booted.done():
                booted.set_result("")
            self._on_message(message)

        connection = await self._connect(AmiConnection(take, end.set_result))
        try:
            await self._log_in(connection)
            await asyncio.wait(
                [end, booted], timeout=_BOOT_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if not end.done():
                self._connection = connection
                self._on_up()
            return await self._watch(connection, end)
        finally:
            self._connection = None
            connection.drop("we let go")

    async def _connect(self, connection: AmiConnection) -> AmiConnection:
        try:
            async with asyncio.timeout(self.connect_seconds):
                await asyncio.get_running_loop().create_connection(
                    lambda: connection, self._host, self._port
                )
        except (OSError, TimeoutError) as error:
            raise NodeLost(
                f"Asterisk's manager port {self._host}:{self._port} cannot be reached "
                f"({str(error) or 'no answer'}); start Asterisk or correct the address."
            ) from None
        return connection

    async def _log_in(self, connection: AmiConnection) -> None:
        answer = await self._answer(
            connection,
            {"Action": "Login", "Username": self._user, "Secret": self._secret, "Events": "on"},
            as_list=False,
        )
        if not answer.success:
            raise ActionRefused(
                f"Asterisk at {self._host}:{self._port} refused the login of {self._user!r}: "
                "check the user and secret in manager.conf and in the settings."
            )

    async def _watch(self, connection: AmiConnection, end: "asyncio.Future[str]") -> str:
        """Ping whenever nothing was heard for a while; no answer in time is the end."""
        loop = asyncio.get_running_loop()
        while not end.done():
            quiet = loop.time() - connection.heard
            if quiet < self.ping_seconds:
                await asyncio.wait([end], timeout=self.ping_seconds - quiet + 0.01)
                continue
            try:
                await self._answer(connection, {"Action": "Ping"}, as_list=False)
            except NodeLost as error:
                connection.drop(str(error))
        return end.result()


def _pauses() -> Iterator[float]:
    """Seconds between attempts: 0.2 doubling to 5, each up to a third shorter by chance."""
    pause = 0.2
    while True:
        yield pause * random.uniform(0.67, 1.0)  # noqa: S311
        pause = min(pause * 2, 5.0)
