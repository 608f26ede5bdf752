"""The caller's own channel on FreeSWITCH: each command of the port as applications.

A dial is a trampoline: we say what is to be bridged and let go; the dialplan bridges and brings
the channel back. So no talk hangs on our connection (docs/reference/immortal-calls.md).
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from callcenter.kernel.clock import Clock
from callcenter.kernel.errors import PbxProblem
from callcenter.pbx import checked
from callcenter.pbx.causes import Cause
from callcenter.pbx.dial_watch import DialWatch
from callcenter.pbx.freeswitch import events, tapes
from callcenter.pbx.freeswitch.connection import Connection
from callcenter.pbx.freeswitch.dialstring import NO_NOTE, RING_TONE, bridge_string
from callcenter.pbx.freeswitch.esl_wire import EslEvent
from callcenter.pbx.freeswitch.facts import DialFacts
from callcenter.pbx.freeswitch.pickup import PickingUp
from callcenter.pbx.freeswitch.script import Switch, first_of
from callcenter.pbx.port import (
    Arrival,
    Dial,
    DialProgress,
    DialResult,
    DialStatus,
    Ended,
    Hangup,
    NodeLost,
)
from callcenter.pbx.sounds import Sounds

_CALL_OFF_SECONDS = 2.0
_FORBIDDEN = "403 Forbidden"


class FreeswitchChannel(PickingUp):
    """See :class:`callcenter.pbx.port.Channel`."""

    def __init__(
        self,
        connection: Connection,
        arrival: Arrival,
        *,
        switch: Switch,
        clock: Clock,
        sounds: Sounds,
        hears: bool = False,
    ) -> None:
        self._call = arrival.call
        self._facts = DialFacts()
        self._watch: DialWatch | None = None
        super().__init__(
            connection, arrival, switch=switch, clock=clock, sounds=sounds, hears=hears
        )

    # -- before and around the talk -----------------------------------------------------------

    async def adopt(self, call: str) -> None:
        """See the port."""
        self._call = checked.call_name(call)
        self._switch.adopted(self._arrival.leg, call)
        await self._variables(
            cc_call=call, presence_data=call, cc_sent_to="", cc_sent_by="", cc_turns=""
        )

    async def ring(self) -> None:
        """See the port."""
        await self._run("ring_ready")

    async def answer(self) -> None:
        """See the port."""
        await self._run("answer")
        self._hears = True

    async def reject(self, cause: Cause) -> None:
        """See the port."""
        await self._check()
        await self._variables(api_hangup_hook=NO_NOTE)
        if cause is Cause.REJECTED:
            await self._begin("respond", _FORBIDDEN)
        else:
            await self._api("uuid_kill", self._uuid, str(int(cause)))
        self._finish(Ended(cause=cause))

    async def release(self, cause: Cause) -> None:
        """See the port."""
        if self.ended.done():
            return
        try:
            await self._variables(api_hangup_hook=NO_NOTE)
            await self._api("uuid_kill", self._uuid, str(int(cause)))
        except (Hangup, NodeLost):
            return
        self._finish(Ended(cause=cause))

    async def gone(self) -> Ended:
        """See the port."""
        return await asyncio.shield(self.ended)

    def hung_up(self, event: EslEvent) -> None:
        """The channel has gone; the note that FreeSWITCH made of it is not needed."""
        facts = DialFacts.of_variables(event.variable)
        dial = facts.result(self._node, self._clock.now()) if facts.dialling else None
        if dial is not None and dial.status is not DialStatus.ANSWER:
            dial = DialResult(status=DialStatus.CANCELLED, leg=dial.leg)
        if dial is not None and self._watch is not None:
            dial = self._watch.settle(dial)
        self._finish(Ended(cause=events.cause_of(event), dial=dial))
        self._switch.forget_note(self._call)
        self._connection.close()  # FreeSWITCH keeps a dead channel until we have let go of it

    # -- the dial -----------------------------------------------------------------------------

    async def dial(self, dial: Dial, on_progress: Callable[[DialProgress], None]) -> DialResult:
        """See the port. Cancelling hangs up the leg and waits for the channel to be back."""
        music_class = self._class
        heard = self._sound_of(dial.music) if dial.music else RING_TONE
        target = bridge_string(dial, owner=self._uuid, call=self._call, path=self._sounds.file)
        watch = self._switch.watch(self._arrival.leg, dial.numbers, on_progress)
        self._watch, self._offered = watch, dial
        try:
            await self.stop_music()
            await self._let_dial(target, heard, early=bool(dial.music))
            await first_of(self._back, self.ended)
            await self._check()
            self._back.result()
            result = watch.settle(self._facts.result(self._node, self._clock.now()))
            await self._after_dial(result.status is DialStatus.ANSWER, music_class)
            return result
        except asyncio.CancelledError:
            watch.call_off()
            await first_of(self._back, self.ended, within=_CALL_OFF_SECONDS)
            if self._back.done() and not self.ended.done():
                await self._after_dial(False, music_class)
            raise
        finally:
            self._away = self._watch = None
            self._switch.unwatch(self._arrival.leg)

    @property
    def _back(self) -> "asyncio.Future[Connection]":
        assert self._away is not None  # noqa: S101 - during a dial only
        return self._away

    async def _let_dial(self, target: str, heard: str, *, early: bool) -> None:
        """Say what is to be bridged, and let go."""
        await self._check()
        await self._variables(
            cc_next="dial",
            cc_dial=target,
            cc_dialling="1",
            cc_answered="",
            cc_with="",
            cc_dial_end="",
            originate_disposition="",
            ringback=heard if early or self._hears else "",
            transfer_ringback=heard,
            instant_ringback="true" if early or self._hears else "false",
        )
        self._away = asyncio.get_running_loop().create_future()
        with suppress(NodeLost):  # it was cut while it replied: as good
            await self._connection.ask("exit")

    async def _after_dial(self, talked: bool, music_class: str) -> None:
        """The result is ours: a next engine shall not get it again. Music that was on goes on."""
        await self._variables(cc_dialling="")
        if talked:
            self._hears = True
        elif music_class:
            await self.music(music_class)

    async def record(self, path: Path) -> None:
        """See the port."""
        if not await tapes.begin(self._api, self._uuid, path):
            await self._settled()
            raise PbxProblem(f"FreeSWITCH cannot record to {path}; see its log.")
        self._hears = True  # who was not answered has early media now

    async def stop_recording(self) -> None:
        """See the port."""
        await tapes.end(self._api, self._uuid)
