"""AMI as Asterisk answers it: one connection, its actions, lists and errors."""

import asyncio
import base64
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.support.asterisk.channel import Channel, Gone
from tests.support.asterisk.people import Seat

if TYPE_CHECKING:
    from tests.support.asterisk.switch import FakeAsterisk

Rows = list[tuple[str, str]]
_WORDS = {"NOT_INUSE": "Not in use", "INUSE": "In use", "RINGING": "Ringing"}


class Action:
    """Headers as they came; one may come more than once."""

    def __init__(self, text: str) -> None:
        self.rows = [
            (name, value)
            for name, _, value in (line.partition(": ") for line in text.split("\r\n"))
        ]

    def __getitem__(self, name: str) -> str:
        return next((value for one, value in self.rows if one == name), "")

    def all(self, name: str) -> list[str]:
        """Values of every header of that name."""
        return [value for one, value in self.rows if one == name]


class Refused(Exception):
    """Answered with an error."""


class AmiConnection:
    """One of those connected."""

    def __init__(
        self, switch: "FakeAsterisk", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._switch, self._reader, self._writer = switch, reader, writer
        self._answers: dict[str, Callable[[Action], Rows]] = {
            "CoreStatus": lambda _: [("CoreCurrentCalls", str(len(switch.channels)))],
            "ControlPlayback": self._control,
            "DBDel": self._forget,
            "Getvar": self._getvar,
            "Hangup": self._hangup,
            "MessageSend": self._message,
            "Originate": self._originate,
            "Ping": lambda _: [("Ping", "Pong")],
            "PlayDTMF": self._key,
            "Redirect": self._redirect,
            "Setvar": self._setvar,
        }
        self._lists: dict[str, Callable[[Action], list[Rows]]] = {
            "DBGetTree": self._tree,
            "PJSIPShowEndpoint": self._endpoint,
            "PJSIPShowEndpoints": self._endpoints,
            "Status": self._status,
        }

    async def run(self) -> None:
        """Until either side ends it."""
        self._writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while True:
                block = (await self._reader.readuntil(b"\r\n\r\n")).decode()
                self._take(Action(block.rstrip("\r\n")))
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self._switch.connections.discard(self)
            self._writer.close()

    def abort(self) -> None:
        """End it."""
        self._writer.transport.abort()

    def send(self, rows: Rows) -> None:
        """One message."""
        if not self._writer.is_closing():
            text = "\r\n".join(f"{name}: {value}" for name, value in rows)
            self._writer.write(f"{text}\r\n\r\n".encode())

    def _take(self, action: Action) -> None:
        own = [("ActionID", action["ActionID"])]
        try:
            if action["Action"] == "Login":
                self._log_in(action, own)
            elif self not in self._switch.connections:
                self.send([("Response", "Error"), *own, ("Message", "Permission denied")])
            elif (listed := self._lists.get(action["Action"])) is not None:
                rows = listed(action)
                self.send([("Response", "Success"), *own, ("EventList", "start")])
                for row in rows:
                    self.send([*row, *own])
                name = f"{action['Action']}Complete"
                self.send([("Event", name), ("EventList", "Complete"), *own])
            else:
                answer = self._answers.get(action["Action"], _unknown)(action)
                self.send([("Response", "Success"), *own, *answer])
        except Refused as refused:
            self.send([("Response", "Error"), *own, ("Message", str(refused))])

    def _log_in(self, action: Action, own: Rows) -> None:
        if (action["Username"], action["Secret"]) != (self._switch.user, self._switch.secret):
            raise Refused("Authentication failed")
        self.send([("Response", "Success"), *own, ("Message", "Authentication accepted")])
        self._switch.connections.add(self)
        self.send([("Event", "FullyBooted"), ("Status", "Fully Booted")])

    def _channel(self, action: Action) -> Channel:
        channel = self._switch.channel(action["Channel"])
        if channel is None:
            raise Refused("No such channel")
        return channel

    # -- actions ------------------------------------------------------------------------------

    def _hangup(self, action: Action) -> Rows:
        self._channel(action).hang_up(int(action["Cause"] or 16))
        return [("Message", "Channel Hungup")]

    def _redirect(self, action: Action) -> Rows:
        self._channel(action).send(action["Context"], action["Exten"])
        return [("Message", "Redirect successful")]

    def _control(self, action: Action) -> Rows:
        self._channel(action).break_off()
        return []

    def _key(self, action: Action) -> Rows:
        self._channel(action).press(action["Digit"])
        return [("Message", "DTMF successfully queued")]

    def _getvar(self, action: Action) -> Rows:
        channel = self._channel(action)
        return [("Variable", action["Variable"]), ("Value", channel.look(action["Variable"]))]

    def _setvar(self, action: Action) -> Rows:
        self._channel(action).set(action["Variable"], action["Value"])
        return [("Message", "Variable Set")]

    def _forget(self, action: Action) -> Rows:
        kept = self._switch.database.get(action["Family"], {})
        if action["Key"] not in kept:
            raise Refused("Database entry not found")
        del kept[action["Key"]]
        return [("Message", "Key deleted successfully")]

    def _message(self, action: Action) -> Rows:
        seat = self._switch.registered.get(action["Destination"].removeprefix("pjsip:"))
        if seat is None or not seat.there:
            raise Refused("Message failed to send.")
        seat.texts.append(base64.b64decode(action["Base64Body"]).decode())
        return [("Message", "Message successfully sent")]

    def _originate(self, action: Action) -> Rows:
        number = action["Channel"].removeprefix("PJSIP/").partition("@")[0]
        seat = self._switch.registered.get(number)
        self._switch.spawn(_ring(self._switch, action, seat))
        return [("Message", "Originate successfully queued")]

    # -- lists --------------------------------------------------------------------------------

    def _status(self, action: Action) -> list[Rows]:
        asked = action["Variables"].split(",")
        return [
            [
                ("Event", "Status"),
                ("Channel", one.name),
                ("Uniqueid", one.uniqueid),
                ("ChannelStateDesc", one.state),
                ("Seconds", str(int(self._switch.now() - one.begun))),
                *(("Variable", f"{name}={one.get(name)}") for name in asked),
            ]
            for one in self._switch.channels.values()
            if one.up
        ]

    def _endpoints(self, _: Action) -> list[Rows]:
        return [
            [
                ("Event", "EndpointList"),
                ("ObjectName", number),
                ("DeviceState", _WORDS.get(seat.state, "Unavailable")),
            ]
            for number, seat in self._switch.registered.items()
        ]

    def _endpoint(self, action: Action) -> list[Rows]:
        if action["Endpoint"] != "trunk-watch_world":
            raise Refused(f"Unable to retrieve endpoint {action['Endpoint']}")
        seen = [("Status", "Reachable"), ("RoundtripUsec", "1250")]
        rows = seen if self._switch.lines else [("Status", "Unreachable")]
        return [[("Event", "ContactStatusDetail"), *rows]]

    def _tree(self, action: Action) -> list[Rows]:
        family = action["Family"]
        kept = self._switch.database.get(family, {})
        return [
            [("Event", "DBGetTreeResponse"), ("Key", f"/{family}/{key}"), ("Val", value)]
            for key, value in kept.items()
        ]


def _unknown(action: Action) -> Rows:
    raise Refused("Invalid/unknown command")


async def _ring(switch: "FakeAsterisk", action: Action, seat: Seat | None) -> None:
    """``Originate`` with ``Async``: its end is told, then the channel walks the dialplan."""
    reason = await _rung(switch, action, seat) if seat is not None and seat.there else "0"
    response = "Success" if reason == "4" else "Failure"
    told = {"ActionID": action["ActionID"], "Response": response, "Reason": reason}
    switch.fire("OriginateResponse", None, **told)


async def _rung(switch: "FakeAsterisk", action: Action, seat: Seat) -> str:
    channel = Channel(switch, seat, inbound=False, uniqueid=action["ChannelId"])
    for pair in action.all("Variable"):
        name, _, value = pair.partition("=")
        channel.set(name, value)
    channel.presented = action["CallerID"].strip("<>")
    switch.channels[channel.uniqueid] = channel
    try:
        seat.rings(channel)
        seconds = int(action["Timeout"]) / 1000
        await channel.rest(seconds, until=lambda: channel.state == "Up")
    except Gone:
        switch.bury(channel)
        return "5" if channel.cause == 17 else "0"
    if channel.state != "Up":
        channel.hang_up(16)
        switch.bury(channel)
        return "3"
    channel.context, channel.exten = action["Context"], action["Exten"]
    switch.begin(channel)
    return "4"
