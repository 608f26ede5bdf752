"""Applications that a channel executes, from the dialplan or sent by an outbound socket."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.freeswitch.causes import word_of
from tests.support.freeswitch.channel import Channel, Gone, Sent
from tests.support.freeswitch.listener import Listener
from tests.support.freeswitch.ringing import as_joined, bridge, ring

if TYPE_CHECKING:
    from tests.support.freeswitch.switch import FakeFreeswitch

Application = Callable[[Channel, str], Awaitable[None]]
_BYTES_A_SECOND = 16_000
_RESPONSES = {"403": "CALL_REJECTED", "404": "UNALLOCATED_NUMBER", "486": "USER_BUSY"}
_RESPONSE = "current_application_response"


async def run(channel: Channel, name: str, argument: str, own: str = "") -> None:
    """Execute one; its begin and its end are told. One that does not exist ends the channel."""
    application = _APPLICATIONS.get(name)
    if application is None:
        channel.hang_up("DESTINATION_OUT_OF_ORDER")
        channel.require()
        return
    own = own or str(uuid.uuid4())
    told = {"Application": name, "Application_Data": argument, "Application_UUID": own}
    channel.switch.fire("CHANNEL_EXECUTE", channel, **told)
    channel.forget_break()
    try:
        await application(channel, argument)
    finally:
        told["Application_Response"] = channel.variables.get(_RESPONSE, "_none_")
        channel.switch.fire("CHANNEL_EXECUTE_COMPLETE", channel, **told)
    await as_joined(channel)


async def originate(switch: "FakeFreeswitch", arguments: str) -> str:
    """Ring one phone; when it answers it runs an application or walks the dialplan."""
    target, _, then = arguments.partition(" ")
    # A name among the variables has no blanks, so the first one ends the dial string.
    leg, cause = await ring(switch, target, owner=None)
    if leg is None:
        return f"-ERR {cause}\n"
    if then.startswith("&"):
        name, _, argument = then[1:].rstrip(")").partition("(")
        switch.spawn(_only(leg, name, argument))
    else:
        destination, _, context = then.split(" ")
        switch.walk(leg, context, destination)
    return f"+OK {leg.uuid}\n"


async def _only(leg: Channel, name: str, argument: str) -> None:
    try:
        await run(leg, name, argument)
        leg.hang_up("NORMAL_CLEARING")
    except Gone:
        return
    except Sent:
        leg.switch.walk(leg, leg.context, leg.destination)


# -- each -----------------------------------------------------------------------------------------


async def _socket(channel: Channel, argument: str) -> None:
    """``async full``: parked, doing what it is sent, until the connection or the channel ends."""
    host, _, port = argument.split(" ", maxsplit=1)[0].partition(":")
    try:
        reader, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return
    listener = Listener(channel.switch, reader, writer, channel)
    channel.mailbox.clear()
    channel.switch.spawn(listener.run())
    while not listener.over:
        if channel.mailbox:
            told = channel.mailbox.popleft()
            name, argument = told.get("execute-app-name", ""), told.get("execute-app-arg", "")
            argument = channel.switch.expand(channel, argument)
            await run(channel, name, argument, told.get("event-uuid", ""))
        else:
            await channel.rest(until=lambda: listener.over or bool(channel.mailbox))


async def _set(channel: Channel, argument: str) -> None:
    name, _, value = argument.partition("=")
    channel.set(name, value)


async def _multiset(channel: Channel, argument: str) -> None:
    for pair in argument.removeprefix("^^|").split("|"):
        await _set(channel, pair)


async def _transfer(channel: Channel, argument: str) -> None:
    destination, _, context = argument.split(" ")
    channel.send(context, destination)
    channel.require()


async def _execute_extension(channel: Channel, argument: str) -> None:
    destination, _, context = argument.split(" ")
    await channel.switch.follow(channel, context, destination)


async def _ring_ready(channel: Channel, _: str) -> None:
    if channel.answer_state == "ringing":
        channel.switch.fire("CHANNEL_PROGRESS", channel)


async def _pre_answer(channel: Channel, _: str) -> None:
    if channel.answer_state == "ringing":
        channel.answer_state = "early"
        channel.switch.fire("CHANNEL_PROGRESS_MEDIA", channel)


async def _jitterbuffer(channel: Channel, argument: str) -> None:
    """Nothing of the sounds in memory hangs on packets."""
    assert argument == "pause"


async def _displaced(channel: Channel, argument: str) -> None:
    """Laid over what plays: only ever the same music, which is heard anyway."""
    assert channel.get("cc_music") in argument


async def _answer(channel: Channel, _: str) -> None:
    channel.answer()


async def _sleep(channel: Channel, argument: str) -> None:
    await channel.rest(int(argument) / 1000)


async def _hangup(channel: Channel, argument: str) -> None:
    channel.hang_up(word_of(argument))
    channel.require()


async def _respond(channel: Channel, argument: str) -> None:
    code = argument.split(" ", maxsplit=1)[0]
    channel.hang_up(_RESPONSES.get(code, "NORMAL_CLEARING"))


def _length(path: str) -> float | None:
    file = Path(path)
    return (file.stat().st_size - 44) / _BYTES_A_SECOND if file.is_file() else None


async def _playback(channel: Channel, argument: str) -> None:
    """Files one after the other, or a stream for as long as the channel says."""
    if argument.startswith(("local_stream://", "tone_stream://")):
        seconds = channel.get("playback_timeout_sec")
        channel.person.hears_on(channel, argument)
        await channel.rest(float(seconds) if seconds else None)
        channel.person.hears_on(channel, "")
        return
    for path in argument.removeprefix("file_string://").split("!"):
        length = _length(path)
        if length is None:
            channel.variables[_RESPONSE] = "FILE NOT FOUND"
            return
        if channel.answer_state == "ringing":  # playing answers
            channel.answer()
        channel.variables[_RESPONSE] = "FILE PLAYED"
        channel.person.hears_on(channel, path)
        try:
            if not await channel.rest(length):
                return
        finally:
            channel.person.hears_on(channel, "")
        channel.person.heard(channel, path)


async def _endless_playback(channel: Channel, argument: str) -> None:
    stream = argument.startswith(("local_stream://", "tone_stream://"))
    if not stream and _length(argument) is None:
        channel.variables[_RESPONSE] = "FILE NOT FOUND"
        return
    channel.person.hears_on(channel, argument)
    try:
        channel.variables[_RESPONSE] = "FILE PLAYED"
        await channel.rest()
    finally:
        channel.person.hears_on(channel, "")


async def _play_and_get_digits(channel: Channel, argument: str) -> None:
    """``min max tries timeout terminators file invalid variable regexp``; one key only."""
    _, _, tries, timeout, _, path, _, variable, wanted = argument.split(" ")
    keys: list[str] = []
    channel.person.on_key = lambda key: (keys.append(key), channel.poke())
    channel.set(variable, "")
    for _ in range(int(tries)):
        length = _length(path)
        assert length is not None, f"{path} is not there"
        await channel.rest(length, until=lambda: bool(keys))
        if not keys:
            channel.person.heard(channel, path)
            await channel.rest(int(timeout) / 1000, until=lambda: bool(keys))
        if keys and keys.pop(0) in wanted.strip("[]"):
            channel.set(variable, wanted.strip("[]"))
            return


async def _eavesdrop(channel: Channel, spied: str) -> None:
    other = channel.switch.channels.get(spied)
    await channel.rest(until=lambda: other is None or not other.up)


_APPLICATIONS: dict[str, Application] = {
    "answer": _answer,
    "bridge": bridge,
    "displace_session": _displaced,
    "eavesdrop": _eavesdrop,
    "endless_playback": _endless_playback,
    "execute_extension": _execute_extension,
    "hangup": _hangup,
    "jitterbuffer": _jitterbuffer,
    "multiset": _multiset,
    "play_and_get_digits": _play_and_get_digits,
    "playback": _playback,
    "pre_answer": _pre_answer,
    "respond": _respond,
    "ring_ready": _ring_ready,
    "set": _set,
    "sleep": _sleep,
    "socket": _socket,
    "stop_displace_session": _displaced,
    "transfer": _transfer,
}
