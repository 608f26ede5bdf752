"""The node: its event socket, its channels walking the dialplan, and its events."""

import asyncio
import re
from collections import defaultdict
from pathlib import Path
from urllib.parse import unquote

from callcenter.pbx.embedded import templates
from callcenter.pbx.embedded.freeswitch import TEMPLATES
from tests.support import esl, switching
from tests.support.freeswitch import api, apps
from tests.support.freeswitch.channel import Channel, Gone, Sent
from tests.support.freeswitch.dialplan import Dialplan, expand
from tests.support.freeswitch.listener import Listener

_LATE = 0.1  # seconds by which ``show channels`` is behind


class FakeFreeswitch(switching.Switch):
    """Runs until :meth:`stop`; an engine may come and go."""

    def __init__(self, prompts: Path) -> None:
        super().__init__()
        self.password = esl.PASSWORD
        self.key = "key-of-the-door"
        self.channels: dict[str, Channel] = {}
        self.listed: dict[str, dict[str, str]] = {}
        self.trunk_answers = False
        self.connections: set[Listener] = set()
        self._dialplan = Dialplan(self._configured(prompts))

    def _configured(self, prompts: Path) -> str:
        """Only the dialplan is read; what stands elsewhere in the file does not matter."""
        values: dict[str, object] = defaultdict(str, call_port=self.call_port, call_key=self.key)
        values["prompts"] = prompts
        text = (TEMPLATES / "freeswitch.xml").read_text()
        names = re.findall(r"@\{(\w+)\}", text)
        return templates.fill(text, {name: values[name] for name in names}, where="freeswitch.xml")

    def event_socket_goes(self) -> None:
        """Nobody can connect to it, and whoever was is cut off; calls are left alone."""
        assert self._server is not None
        self._server.close()
        for listener in [one for one in self.connections if one.session is None]:
            listener.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Listener(self, reader, writer).run()

    # -- channels -----------------------------------------------------------------------------

    def add(self, channel: Channel) -> None:
        """A channel is there; the list of channels says so a moment later."""
        self.channels[channel.uuid] = channel

        def list_it() -> None:
            if channel.up:
                self.listed[channel.uuid] = {}

        asyncio.get_running_loop().call_later(_LATE, list_it)

    def walk(self, channel: Channel, context: str, destination: str) -> None:
        """Set it going through the dialplan."""
        channel.context, channel.destination = context, destination
        channel.task = self.spawn(self._walk(channel))

    async def _walk(self, channel: Channel) -> None:
        while channel.up:
            try:
                await self.follow(channel, channel.context, channel.destination)
                channel.hang_up("NORMAL_CLEARING")
            except Sent:
                continue
            except Gone:
                return

    async def follow(self, channel: Channel, context: str, destination: str) -> None:
        """Do what the dialplan says there."""
        actions = self._dialplan.actions(context, destination, channel.variables, self._call)
        for action in actions:
            channel.require()
            await apps.run(channel, action.application, self.expand(channel, action.data))

    def expand(self, channel: Channel, text: str, *, last: bool = False) -> str:
        """With the channel's variables."""
        known = {**channel.variables, "uuid": channel.uuid}
        return expand(text, known, self._call, last=last)

    def _call(self, name: str, arguments: str) -> str:
        return api.at_once(self, name, arguments)

    def buried(self, channel: Channel) -> None:
        """A channel has ended: the hook is run, then all is told."""
        channel.set("hangup_cause", channel.cause)
        channel.set("hangup_cause_q850", channel.q850())
        hook, _, arguments = channel.get("api_hangup_hook").partition(" ")
        if hook:
            api.at_once(self, hook, self.expand(channel, arguments, last=True))
        channel.call_state = "HANGUP"
        self.channels.pop(channel.uuid, None)
        self.fire("CHANNEL_HANGUP_COMPLETE", channel)
        channel.person.ended(channel)
        for listener in [one for one in self.connections if one.session is channel]:
            listener.channel_ended()
        later = asyncio.get_running_loop().call_later
        later(_LATE, lambda: self.listed.pop(channel.uuid, None))

    # -- events and commands ------------------------------------------------------------------

    def fire(self, name: str, channel: Channel | None = None, **headers: str) -> None:
        """Tell an event to whoever asked for it. ``_`` in a header is ``-``."""
        own = {header.replace("_", "-"): value for header, value in headers.items()}
        self.fire_of(name, {**(channel.headers() if channel else {}), **own}, channel)

    def fire_of(self, name: str, told: dict[str, str], channel: Channel | None = None) -> None:
        """Tell an event of these headers."""
        head = {"Event-Name": "CUSTOM", "Event-Subclass": name} if "::" in name else {}
        head = head or {"Event-Name": name}
        stamp = {"Event-Date-Timestamp": str(int(self.now() * 1_000_000))}
        for listener in list(self.connections):
            listener.hear(name, {**head, **stamp, **told}, channel)

    async def api(self, command: str) -> str:
        """An API command; some take their time."""
        name, _, arguments = command.partition(" ")
        if name == "originate":
            return await apps.originate(self, arguments)
        return api.at_once(self, name, arguments)

    def sent_event(self, kind: str, command: str) -> None:
        """``sendevent``: delivered to whoever asked for that kind."""
        head, _, body = command.partition("\n\n")
        rows = [row.partition(": ") for row in head.split("\n")[1:]]
        told = {name: unquote(value) for name, _, value in rows}
        self.fire_of(kind, {**told, **({"_body": body} if body else {})})
