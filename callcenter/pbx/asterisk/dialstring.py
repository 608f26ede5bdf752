"""What is handed to Asterisk's Dial, checked sign by sign. Pure; used by channel and node."""

import math
import re
from collections.abc import Callable

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.asterisk.events import TRUNK_PREFIX
from callcenter.pbx.port import Dial, Outside, Prompt

APART_SECONDS = 60
"""The longest that a confirmation and a whisper may take together."""

_EXTENSION = re.compile(r"[0-9A-Za-z_-]{1,32}")
_OUTSIDE = re.compile(r"\+?[0-9]{1,20}")
_TRUNK = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_KEY = re.compile(r"[0-9*]")
_NAME = re.compile(r"[0-9A-Za-z_-]{1,64}")


def dial_string(dial: Dial) -> str:
    """``g``: go on when the seat hangs up; ``m``: music, ``r``: ringing; ``f``: number shown;
    ``b``, ``U``: the leg notes its name and when it was answered."""
    if not dial.everyone:
        raise PbxProblem("Nobody is no extension; it was not dialled.")
    if dial.music and not _NAME.fullmatch(dial.music):
        raise PbxProblem(f"{dial.music!r} cannot be the name of a music class.")
    parties = [party_name(party) for party in dial.everyone]
    seconds = _seconds(dial)
    heard = f"m({dial.music})" if dial.music else "r"
    shown = f"f({dial.presents})" if shown_number(dial) else ""
    options = f"g{heard}{shown}"
    if _apart(dial):
        doors = "&".join(f"Local/{number}@cc-apart" for number, _ in enumerate(parties, 1))
        return f"{doors},{seconds + APART_SECONDS},{options}"
    return f"{'&'.join(parties)},{seconds},{options}b(cc-leg^s^1)U(cc-answered)"


def shown_number(dial: Dial) -> str:
    """The caller's number that the called ones are to see, if it is another."""
    if dial.presents and not _OUTSIDE.fullmatch(dial.presents):
        raise PbxProblem(f"{dial.presents!r} cannot be presented as a caller's number.")
    return dial.presents


def apart_variables(dial: Dial, path: Callable[[Prompt], str]) -> dict[str, str]:
    """What the context cc-apart must know, if the legs are to be made there."""
    if not _apart(dial):
        return {}
    if not _KEY.fullmatch(dial.key):
        raise PbxProblem(f"{dial.key!r} is no key of a telephone that can confirm a call.")
    confirm = path(dial.confirm) if dial.confirm else ""
    if dial.confirm and not confirm:
        raise PbxProblem(f"{dial.confirm!r} is no prompt; nobody could confirm the call.")
    whisper = "&".join(filter(None, map(path, dial.whisper)))
    told = {"RING": str(_seconds(dial)), "CONFIRM": confirm, "KEY": dial.key, "WHISPER": whisper}
    parties = {f"TO_{at}": party_name(party) for at, party in enumerate(dial.everyone, 1)}
    return {f"__CC_{name}": value for name, value in (told | parties).items()}


def _apart(dial: Dial) -> bool:
    return bool(dial.whisper or dial.confirm)


def _seconds(dial: Dial) -> int:
    return max(1, math.ceil(dial.ring.total_seconds()))


def numbers(dial: Dial) -> tuple[str, ...]:
    """Whom it rings, in order."""
    return tuple(one.number if isinstance(one, Outside) else one for one in dial.everyone)


def only_party(dial: Dial) -> str:
    """Whom it rings, when it is one."""
    return numbers(dial)[0] if len(dial.everyone) == 1 else ""


def party_name(party: str | Outside) -> str:
    """Nothing but a validated number or name reaches Dial: its signs could dial elsewhere."""
    if isinstance(party, Outside):
        if not _OUTSIDE.fullmatch(party.number):
            raise PbxProblem(f"{party.number!r} is no telephone number; it was not dialled.")
        if not _TRUNK.fullmatch(party.trunk):
            raise PbxProblem(f"{party.trunk!r} is no trunk; nothing was dialled.")
        return f"PJSIP/{party.number}@{TRUNK_PREFIX}{party.trunk}"
    if not _EXTENSION.fullmatch(party) or party.startswith(TRUNK_PREFIX):
        raise PbxProblem(f"{party!r} is no extension; it was not dialled.")
    return f"PJSIP/{party}"
