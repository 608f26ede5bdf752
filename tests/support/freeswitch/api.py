"""API commands, with the words that FreeSWITCH answers."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.support.freeswitch.causes import word_of
from tests.support.freeswitch.channel import Channel

if TYPE_CHECKING:
    from tests.support.freeswitch.switch import FakeFreeswitch

_NOBODY = "-ERR No such channel!\n"
_DONE = "+OK\n"
Command = Callable[["FakeFreeswitch", str], str]


def at_once(switch: "FakeFreeswitch", name: str, arguments: str) -> str:
    """Whatever is done when it is answered."""
    command = _COMMANDS.get(name)
    return command(switch, arguments) if command else f"-ERR {name} Command not found!\n"


def _of_channel(act: Callable[[Channel, str], str], missing: str = _NOBODY) -> Command:
    def command(switch: "FakeFreeswitch", arguments: str) -> str:
        name, _, rest = arguments.partition(" ")
        channel = switch.channels.get(name)
        return act(channel, rest) if channel is not None and channel.up else missing

    return command


def _set(channel: Channel, rest: str) -> str:
    name, _, value = rest.partition(" ")
    channel.set(name, value)
    return _DONE


def _set_many(channel: Channel, rest: str) -> str:
    for pair in rest.split(";"):
        name, _, value = pair.partition("=")
        channel.set(name, value)
    return _DONE


def _kill(channel: Channel, cause: str) -> str:
    channel.hang_up(word_of(cause))
    return _DONE


def _break(channel: Channel, flags: str) -> str:
    """With ``all`` it also forgets what the channel was told to run and has not begun."""
    if "all" in flags:
        channel.mailbox.clear()
    channel.break_off()
    return _DONE


def _answer(channel: Channel, _: str) -> str:
    channel.answer()
    return _DONE


def _bridge(channel: Channel, name: str) -> str:
    leg = channel.switch.channels.get(name)
    if leg is None or not leg.up:
        return "-ERR Invalid uuid\n"
    channel.to_join, leg.is_leg = leg, True
    channel.break_off()
    return f"+OK {name}\n"


def _transfer(channel: Channel, rest: str) -> str:
    destination, _, context = rest.split(" ")
    channel.send(context, destination)
    return _DONE


def _keys(channel: Channel, keys: str) -> str:
    for key in keys:
        channel.switch.fire("DTMF", channel, DTMF_Digit=key)
    return _DONE


def _displace(channel: Channel, rest: str) -> str:
    word, path = rest.split(" ")[:2]
    if path.startswith("local_stream://"):  # music laid over the same music
        return "+OK Success\n"
    if word != "start":
        return "-ERR Invalid arguments\n"
    channel.person.will_hear(channel, path)
    return "+OK Success\n"


def _show(switch: "FakeFreeswitch", arguments: str) -> str:
    what = arguments.split(" ", maxsplit=1)[0]
    if what == "registrations":
        rows = [{"reg_user": number, "realm": "callcenter"} for number in switch.registered]
    else:
        known = switch.channels
        for name in switch.listed.keys() & known.keys():
            switch.listed[name] = known[name].row()
        rows = [row for row in switch.listed.values() if row]
    if not rows:
        return '{"row_count": 0}\n'
    return json.dumps({"row_count": len(rows), "rows": rows}, separators=(",", ":")) + "\n"


def _database(switch: "FakeFreeswitch", arguments: str) -> str:
    action, realm, *rest = arguments.split("/", 3)
    kept = switch.database.setdefault(realm, {})
    match action, rest:
        case "list", _:
            return "".join(f",{key}" for key in kept)
        case "select", [key, *_]:
            return kept.get(key, "")
        case "insert", [key, value]:
            kept[key] = value
            return "+OK"
        case "delete", [key, *_]:
            kept.pop(key, None)
            return "+OK"
    return "-ERR invalid\n"


def _sofia(switch: "FakeFreeswitch", arguments: str) -> str:
    if arguments != "status gateway trunk-watch_world":
        return "Invalid Gateway!\n"
    status = "UP (ping)\nPingTime\t1.25" if switch.trunk_answers else "DOWN (ping)\nPingTime\t0.00"
    return f"Name    \ttrunk-watch_world\nProfile \tcc\nStatus  \t{status}\n"


def _contact(switch: "FakeFreeswitch", arguments: str) -> str:
    number = arguments.removeprefix("cc/").partition("@")[0]
    there = number in switch.registered
    return f"sofia/cc/sip:{number}@127.0.0.2:5060" if there else "error/user_not_registered"


def _status(switch: "FakeFreeswitch", _: str) -> str:
    return (
        "UP 0 years, 0 days, 0 hours, 1 minute, 0 seconds, 277 milliseconds, 526 microseconds\n"
        "FreeSWITCH (Version 1.10.12-release 64bit) is ready\n50 session(s) since startup\n"
        f"{len(switch.channels)} session(s) - peak 2, last 5min 2 \n4000 session(s) max\n"
    )


_COMMANDS: dict[str, Command] = {
    "db": _database,
    "show": _show,
    "sofia": _sofia,
    "sofia_contact": _contact,
    "status": _status,
    "strepoch": lambda switch, _: str(int(switch.now())),
    "strmicroepoch": lambda switch, _: str(int(switch.now() * 1_000_000)),
    "uuid_answer": _of_channel(_answer),
    "uuid_break": _of_channel(_break),
    "uuid_bridge": _of_channel(_bridge),
    "uuid_displace": _of_channel(_displace, "-ERR Cannot locate session!\n"),
    "uuid_exists": _of_channel(lambda *_: "true", "false"),
    "uuid_getvar": _of_channel(lambda channel, name: channel.get(name) or "_undef_"),
    "uuid_kill": _of_channel(_kill),
    "uuid_recv_dtmf": _of_channel(_keys, "-ERR Cannot locate session!\n"),
    "uuid_setvar": _of_channel(_set),
    "uuid_setvar_multi": _of_channel(_set_many),
    "uuid_transfer": _of_channel(_transfer),
}
