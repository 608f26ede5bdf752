"""What is handed to FreeSWITCH's bridge, checked sign by sign. Pure; used by channel and node."""

from collections.abc import Callable

from callcenter.pbx import checked
from callcenter.pbx.checked import APART_SECONDS, TRUNK_PREFIX
from callcenter.pbx.port import Dial, Outside, Prompt

DOMAIN = "callcenter"
NO_NOTE = "strepoch"
"""A hook that does nothing, in place of the one that notes how a channel of a call ended."""

BREAKS_WORD = "! "
"""Signs that end the name of a file here, and nowhere else."""

RING_TONE = "tone_stream://%(1000,4000,450)"


def bridge_string(dial: Dial, *, owner: str, call: str, path: Callable[[Prompt], str]) -> str:
    """The argument of ``bridge``; ``path`` finds prompts.

    Each leg notes on the caller's channel who it is and when it was answered.
    """
    parties, seconds = checked.parties(dial), dial.ring_seconds
    shared = {
        "ignore_early_media": "true",
        "api_hangup_hook": NO_NOTE,
        "cc_owner": owner,
        "cc_call": call,
        "presence_data": call,
        "hangup_after_bridge": "false",
        **_shown(dial),
        **(_apart(dial, path) if dial.is_apart else {}),
    }
    if dial.is_apart:
        shared["call_timeout"] = str(seconds + APART_SECONDS)
    legs = []
    for party, number in zip(parties, dial.numbers, strict=True):
        own = {"cc_party": number, "leg_timeout": str(seconds)}
        if isinstance(party, str):
            own["cc_extension"] = own["accountcode"] = number
        if not dial.is_apart:
            own["execute_on_answer"] = "'execute_extension cc-answered XML cc'"
        legs.append(f"[{_listed(own)}]{endpoint(party)}")
    return "{" + _listed(shared) + "}" + ",".join(legs)


def endpoint(party: str | Outside) -> str:
    """FreeSWITCH's name of somebody to ring."""
    party = checked.party(party)
    if isinstance(party, Outside):
        return f"sofia/gateway/{TRUNK_PREFIX}{party.trunk}/{party.number}"
    return f"user/{party}@{DOMAIN}"


def _shown(dial: Dial) -> dict[str, str]:
    number = checked.shown_number(dial)
    return {"origination_caller_id_number": number} if number else {}


def apart(dial: Dial, path: Callable[[Prompt], str]) -> dict[str, str]:
    """What a phone hears, and must press, before it is joined: as variables of its channel."""
    heard = checked.apart(dial, path)
    whisper = "!".join(heard.whisper)
    return {
        "cc_confirm": heard.confirm,
        "cc_key": heard.key,
        "cc_whisper": f"file_string://{whisper}" if whisper else "",
    }


def _apart(dial: Dial, path: Callable[[Prompt], str]) -> dict[str, str]:
    return {
        "group_confirm_key": "exec",
        "group_confirm_file": "'execute_extension cc-apart XML cc'",
        **{name: f"'{value}'" for name, value in apart(dial, path).items()},
    }


def _listed(values: dict[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in values.items())
