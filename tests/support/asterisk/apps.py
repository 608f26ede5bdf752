"""Applications of the dialplan and of AGI's EXEC, but for Dial and AGI themselves."""

from collections.abc import Awaitable, Callable

from tests.support.asterisk import agi
from tests.support.asterisk.agi import seconds_of
from tests.support.asterisk.channel import Channel
from tests.support.asterisk.dialling import dial
from tests.support.asterisk.dialplan import evaluate, split

Application = Callable[[Channel, str], Awaitable[None]]


async def _nothing(channel: Channel, arguments: str) -> None:
    pass


async def _set(channel: Channel, arguments: str) -> None:
    name, _, value = arguments.partition("=")
    channel.set(name, value)


async def _mset(channel: Channel, arguments: str) -> None:
    for pair in split(arguments, ","):
        await _set(channel, pair)


async def _hangup(channel: Channel, arguments: str) -> None:
    channel.hang_up(int(arguments or 16))
    await channel.rest(0)


async def _wait(channel: Channel, arguments: str) -> None:
    await channel.rest(float(arguments))


async def _answer(channel: Channel, _: str) -> None:
    channel.answer()


async def _ringing(channel: Channel, _: str) -> None:
    channel.person.sound = "ringing:"


async def _music(channel: Channel, _: str) -> None:
    channel.person.sound = "music:default"


async def _spy(channel: Channel, arguments: str) -> None:
    """``E``: over when the one listened to is."""
    spied = channel.switch.channel(arguments.split(",", maxsplit=1)[0])
    told = {"SpyerUniqueid": channel.uniqueid, "SpyerChannel": channel.name}
    channel.switch.fire("ChanSpyStart", None, **told)
    await channel.rest(until=lambda: spied is None or not spied.up)


async def _exec_if(channel: Channel, arguments: str) -> None:
    test, _, rest = arguments.partition("?")
    yes, *no = split(rest, ":")
    chosen = yes if evaluate(test) not in ("", "0") else "".join(no)
    if chosen:
        name, _, data = chosen.partition("(")
        await channel.switch.execute(channel, name, data.rpartition(")")[0])


async def _playback(channel: Channel, arguments: str) -> None:
    for path in arguments.split("&"):
        await channel.rest(seconds_of(path))
        channel.person.played.append(path)


async def _read(channel: Channel, arguments: str) -> None:
    """``variable,file,1,,1,seconds``: one key, pressed while it plays or after."""
    variable, path, _, _, _, seconds = arguments.split(",")
    channel.keys.clear()
    channel.set(variable, "")
    await channel.rest(seconds_of(path), until=lambda: bool(channel.keys))
    if not channel.keys:
        channel.person.played.append(path)
        await channel.rest(float(seconds), until=lambda: bool(channel.keys))
    if channel.keys:
        channel.set(variable, channel.keys.popleft())


async def _gosub(channel: Channel, arguments: str) -> None:
    await channel.switch.subroutine(channel, arguments.replace(",", "^"))


async def _user_event(channel: Channel, arguments: str) -> None:
    name, *fields = arguments.split(",")
    told = {key: value for key, _, value in (field.partition(": ") for field in fields)}
    channel.switch.fire("UserEvent", channel, UserEvent=name, **told)


APPLICATIONS: dict[str, Application] = {
    "AGI": agi.run,
    "Answer": _answer,
    "ChanSpy": _spy,
    "Dial": dial,
    "ExecIf": _exec_if,
    "Gosub": _gosub,
    "Hangup": _hangup,
    "MSet": _mset,
    "NoOp": _nothing,
    "Playback": _playback,
    "Progress": _nothing,
    "Read": _read,
    "Ringing": _ringing,
    "Set": _set,
    "StartMusicOnHold": _music,
    "StopMixMonitor": _nothing,
    "UserEvent": _user_event,
    "Wait": _wait,
}
