"""What is handed to FreeSWITCH's bridge, checked sign by sign. Pure; used by channel and node."""

import math
import re
from collections.abc import Callable

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.port import Dial, LegId, Outside, Prompt

DOMAIN = "callcenter"
TRUNK_PREFIX = "trunk-"
APART_SECONDS = 60
"""The longest that a confirmation and a whisper may take together."""

NO_NOTE = "strepoch"
"""A hook that does nothing, in place of the one that notes how a channel of a call ended."""

RING_TONE = "tone_stream://%(1000,4000,450)"
_EXTENSION = re.compile(r"[0-9A-Za-z_-]{1,32}")
_OUTSIDE = re.compile(r"\+?[0-9]{1,20}")
_TRUNK = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_KEY = re.compile(r"[0-9*]")
_CALL = re.compile(r"[0-9A-Za-z_-]{0,64}")
_UUID = re.compile(r"[0-9A-Za-z._-]{1,150}")


def numbers(dial: Dial) -> list[str]:
    """Whom it rings, by number."""
    return [one.number if isinstance(one, Outside) else one for one in dial.everyone]


def bridge_string(
    dial: Dial, *, owner: str, call: str, heard: str, path: Callable[[Prompt], str]
) -> str:
    """The argument of ``bridge``. ``heard`` is a sound for the caller, ``path`` finds prompts.

    Each leg notes on the caller's channel who it is and when it was answered.
    """
    if not dial.everyone:
        raise PbxProblem("Nobody is no extension; it was not dialled.")
    seconds, apart = math.ceil(max(1.0, dial.ring.total_seconds())), is_apart(dial)
    shared = {
        "ignore_early_media": "true",
        "api_hangup_hook": NO_NOTE,
        "cc_owner": _checked(_UUID, owner),
        "cc_call": _checked(_CALL, call),
        "presence_data": call,
        "hangup_after_bridge": "false",
        **_shown(dial),
        **(_apart(dial, path) if apart else {}),
    }
    if apart:
        shared["call_timeout"] = str(seconds + APART_SECONDS)
    legs = []
    for party, number in zip(dial.everyone, numbers(dial), strict=True):
        own = {"cc_party": number, "leg_timeout": str(seconds)}
        if isinstance(party, str):
            own["cc_extension"] = own["accountcode"] = number
        if not apart:
            own["execute_on_answer"] = "'execute_extension cc-answered XML cc'"
        legs.append(f"[{_listed(own)}]{endpoint(party)}")
    return "{" + _listed(shared) + "}" + ",".join(legs)


def is_apart(dial: Dial) -> bool:
    """Whether somebody hears something, or must press a key, before being joined."""
    return bool(dial.whisper or dial.confirm)


def endpoint(party: str | Outside) -> str:
    """Nothing but a validated number or name is dialled: its signs could dial elsewhere."""
    if isinstance(party, Outside):
        if not _OUTSIDE.fullmatch(party.number):
            raise PbxProblem(f"{party.number!r} is no telephone number; it was not dialled.")
        if not _TRUNK.fullmatch(party.trunk):
            raise PbxProblem(f"{party.trunk!r} is no trunk; nothing was dialled.")
        return f"sofia/gateway/{TRUNK_PREFIX}{party.trunk}/{party.number}"
    if not _EXTENSION.fullmatch(party) or party.startswith(TRUNK_PREFIX):
        raise PbxProblem(f"{party!r} is no extension; it was not dialled.")
    return f"user/{party}@{DOMAIN}"


def _shown(dial: Dial) -> dict[str, str]:
    if not dial.presents:
        return {}
    if not _OUTSIDE.fullmatch(dial.presents):
        raise PbxProblem(f"{dial.presents!r} cannot be presented as a caller's number.")
    return {"origination_caller_id_number": dial.presents}


def _apart(dial: Dial, path: Callable[[Prompt], str]) -> dict[str, str]:
    if not _KEY.fullmatch(dial.key):
        raise PbxProblem(f"{dial.key!r} is no key of a telephone that can confirm a call.")
    confirm = path(dial.confirm) if dial.confirm else ""
    if dial.confirm and not confirm:
        raise PbxProblem(f"{dial.confirm!r} is no prompt; nobody could confirm the call.")
    whisper = "!".join(filter(None, map(path, dial.whisper)))
    return {
        "group_confirm_key": "exec",
        "group_confirm_file": "'execute_extension cc-apart XML cc'",
        "cc_confirm": f"'{confirm}'",
        "cc_key": f"'{dial.key}'",
        "cc_whisper": f"'file_string://{whisper}'" if whisper else "''",
    }


def _listed(values: dict[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in values.items())


def _checked(form: re.Pattern[str], text: str) -> str:
    if not form.fullmatch(text):
        raise PbxProblem(f"{text!r} cannot be told to FreeSWITCH.")
    return text


def local_name(leg: LegId, node: str) -> str:
    """FreeSWITCH's own name of a channel."""
    mine, _, name = leg.partition("/")
    if mine != node or not _UUID.fullmatch(name):
        raise PbxProblem(f"{leg!r} is not a channel of {node}.")
    return name
