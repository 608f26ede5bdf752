"""The life of one channel under our script: commands while it lives, then its end.

Base of :class:`FreeswitchChannel`, which says what the commands are. What a command does is told
by events on the same connection; the connection itself may be another after a dial.
"""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from callcenter.kernel.clock import Clock
from callcenter.kernel.errors import PbxProblem
from callcenter.pbx import checked
from callcenter.pbx.dial_watch import DialWatch
from callcenter.pbx.freeswitch.connection import Connection, reply_text
from callcenter.pbx.freeswitch.esl_wire import EslEvent, execute, line
from callcenter.pbx.freeswitch.facts import DialFacts
from callcenter.pbx.port import (
    Arrival,
    Dial,
    DialProgress,
    Ended,
    Hangup,
    LegId,
    NodeLost,
    SentElsewhere,
)

SHORT = 10.0
"""Seconds for commands that FreeSWITCH carries out at once."""

_BEGINS = 2.0  # seconds in which FreeSWITCH begins what it was told
_FATE_SECONDS = 0.5  # from the end of a connection until we know what became of the channel


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A dial in which a phone takes the place of another: the caller's channel and its call."""

    owner: LegId
    call: str
    dial: Dial


@dataclass(frozen=True, kw_only=True)
class _Application:
    """One that FreeSWITCH was told to run: when it begins, and what is told of its end."""

    begun: "asyncio.Future[None]"
    done: "asyncio.Future[EslEvent]"


class Switch(Protocol):
    """What a channel needs of its node: whatever goes over the event link."""

    def watch(
        self, leg: LegId, parties: Sequence[str], on_progress: Callable[[DialProgress], None]
    ) -> DialWatch:
        """Begin to report what ``parties``, dialled from ``leg``, do."""

    def unwatch(self, leg: LegId) -> None:
        """Stop reporting."""

    def forget_note(self, call: str) -> None:
        """The end of this call is known; drop FreeSWITCH's note of it."""

    def adopted(self, leg: LegId, call: str) -> None:
        """This channel carries this call."""

    def rings_for(self, leg: LegId) -> Taken | None:
        """The dial for which a phone rings at ``leg``, if it still does."""

    def takes(self, leg: LegId, by: Arrival) -> bool:
        """The phone of ``by`` takes the place of the one that rings at ``leg``, if it does."""

    def is_leg_of(self, call: str, leg: LegId) -> None:
        """A phone's own channel is a dialled leg of this call now."""

    def over(self, leg: LegId) -> None:
        """The script of this channel has come to its end."""


class Script:
    """Commands of one channel until :attr:`ended`; from then on each raises the same."""

    def __init__(
        self, connection: Connection, arrival: Arrival, *, switch: Switch, clock: Clock
    ) -> None:
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[Ended] = loop.create_future()
        self._arrival = arrival
        self._switch = switch
        self._clock = clock
        self._node = arrival.leg.partition("/")[0]
        self._uuid = checked.local_name(arrival.leg, self._node)
        self._running: dict[str, _Application] = {}
        self._keys: asyncio.Queue[str] = asyncio.Queue()
        self._away: asyncio.Future[Connection] | None = None  # the channel is in a dial
        self._tasks: set[asyncio.Task[None]] = set()
        self._connection = connection
        self._attach(connection)

    @property
    def arrival(self) -> Arrival:
        """See the port."""
        return self._arrival

    # -- what comes in ------------------------------------------------------------------------

    def _attach(self, connection: Connection) -> None:
        self._connection = connection
        connection.listen(lambda event: self._heard(connection, event))
        connection.over.add_done_callback(lambda _: self._cut_off(connection))

    def _heard(self, connection: Connection, event: EslEvent) -> None:
        match event.name:
            case "CHANNEL_EXECUTE":
                application = self._running.get(event.get("Application-UUID"))
                if application is not None and not application.begun.done():
                    application.begun.set_result(None)
            case "CHANNEL_EXECUTE_COMPLETE":
                application = self._running.pop(event.get("Application-UUID"), None)
                if application is not None and not application.done.done():
                    application.done.set_result(event)
            case "DTMF":
                self._keys.put_nowait(event.get("DTMF-Digit"))
            case "CHANNEL_HANGUP_COMPLETE" if event.get("Unique-ID") == self._uuid:
                self.hung_up(event)

    def hung_up(self, event: EslEvent) -> None:
        """The channel has gone, by its own connection or by the event link."""
        raise NotImplementedError

    def came_back(self, connection: Connection, facts: DialFacts) -> None:
        """The dial is over and the dialplan has brought the channel back."""
        self._facts = facts
        if self._away is not None and not self._away.done():
            self._attach(connection)
            self._away.set_result(connection)

    @property
    def is_dialling(self) -> bool:
        """Whether it is away and will come back."""
        return self._away is not None and not self._away.done()

    def elsewhere(self) -> None:
        """Somebody sent the channel elsewhere; it is not ours any more."""
        self._break(SentElsewhere("Somebody sent the channel elsewhere; it is no longer ours."))

    def lost(self, why: str) -> None:
        """The node is not ours any more."""
        self._break(NodeLost(why))
        self._connection.close()

    def _cut_off(self, connection: Connection) -> None:
        if connection is self._connection and not self.is_dialling and not self.ended.done():
            self._beside(self._await_fate())

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _await_fate(self) -> None:
        await asyncio.wait([self.ended], timeout=_FATE_SECONDS)
        self._break(NodeLost("The connection that carried the call's script has ended."))

    def _finish(self, ended: Ended) -> None:
        if not self.ended.done():
            self.ended.set_result(ended)
            self._switch.over(self._arrival.leg)

    def _break(self, error: NodeLost) -> None:
        if not self.ended.done():
            self.ended.set_exception(error)
            self.ended.exception()  # nobody may ask
            self._switch.over(self._arrival.leg)

    # -- what goes out ------------------------------------------------------------------------

    async def _check(self) -> None:
        """Raise what became of the channel, if it is no longer ours."""
        if self.ended.done():
            raise Hangup(self.ended.result())

    async def _api(self, *words: str) -> str:
        """An API command over the channel's own connection."""
        await self._check()
        try:
            return reply_text(await self._connection.ask(line("api", *words)))
        except NodeLost:
            await self._settled()
            raise

    async def _variables(self, **values: str) -> None:
        pairs = ";".join(f"{name}={value}" for name, value in values.items())
        await self._api("uuid_setvar_multi", self._uuid, pairs)

    async def _begin(self, application: str, argument: str = "") -> "asyncio.Future[EslEvent]":
        """Have an application run; its end is the future."""
        await self._check()
        name, loop = secrets.token_hex(8), asyncio.get_running_loop()
        begun, done = loop.create_future(), loop.create_future()
        self._running[name] = _Application(begun=begun, done=done)
        try:
            command = execute(application, argument, name=name)
            answer = reply_text(await self._connection.ask(command))
        except NodeLost:
            await self._settled()
            raise
        if answer.startswith("-ERR"):
            await self._settled()
            raise PbxProblem(f"FreeSWITCH does not run {application}: {answer}.")
        return done

    async def _settled(self) -> None:
        """Wait a moment for what became of the channel, and raise it."""
        await asyncio.wait([self.ended], timeout=_FATE_SECONDS)
        await self._check()

    async def _run(
        self, application: str, argument: str = "", *, patience: float | None = SHORT
    ) -> EslEvent:
        """Run an application to its end."""
        return await self._end_of(await self._begin(application, argument), patience)

    async def _end_of(
        self, done: "asyncio.Future[EslEvent]", patience: float | None = SHORT
    ) -> EslEvent:
        await first_of(done, self.ended, within=patience)
        if done.done():
            return done.result()
        await self._check()
        raise NodeLost("FreeSWITCH does not end what it should have ended at once.")

    async def _break_off(self, done: "asyncio.Future[EslEvent]") -> None:
        """End a playing or recording, and wait for that.

        What has not begun is let begin: by a break FreeSWITCH would forget it and tell no end.
        """
        begun = (one.begun for one in self._running.values() if one.done is done)
        with suppress(NodeLost, Hangup):
            await first_of(*begun, done, self.ended, within=_BEGINS)
            await self._api("uuid_break", self._uuid, "all")
            await self._end_of(done, 2.0)


async def first_of(*waited: "asyncio.Future[Any]", within: float | None = None) -> None:
    """Until one of them is done, or time is."""
    await asyncio.wait(waited, timeout=within, return_when=asyncio.FIRST_COMPLETED)
