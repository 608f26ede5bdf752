"""What is handed to Asterisk's Dial, checked sign by sign. Pure; used by channel and node."""

from collections.abc import Callable

from callcenter.pbx import checked
from callcenter.pbx.checked import APART_SECONDS, TRUNK_PREFIX
from callcenter.pbx.port import Dial, Outside, Prompt


def dial_string(dial: Dial) -> str:
    """``g``: go on when the seat hangs up; ``m``: music, ``r``: ringing; ``f``: number shown;
    ``b``, ``U``: the leg notes its name and when it was answered."""
    parties = [party_name(party) for party in checked.parties(dial)]
    heard = f"m({checked.music_name(dial.music)})" if dial.music else "r"
    shown = f"f({dial.presents})" if checked.shown_number(dial) else ""
    options, seconds = f"g{heard}{shown}", dial.ring_seconds
    if dial.is_apart:
        doors = "&".join(f"Local/{number}@cc-apart" for number, _ in enumerate(parties, 1))
        return f"{doors},{seconds + APART_SECONDS},{options}"
    return f"{'&'.join(parties)},{seconds},{options}b(cc-leg^s^1)U(cc-answered)"


def apart_variables(dial: Dial, path: Callable[[Prompt], str]) -> dict[str, str]:
    """What the context cc-apart must know, if the legs are to be made there."""
    if not dial.is_apart:
        return {}
    heard = checked.apart(dial, path)
    told = {
        "RING": str(dial.ring_seconds),
        "CONFIRM": heard.confirm,
        "KEY": heard.key,
        "WHISPER": "&".join(heard.whisper),
    }
    parties = {f"TO_{at}": party_name(party) for at, party in enumerate(dial.everyone, 1)}
    return {f"__CC_{name}": value for name, value in (told | parties).items()}


def party_name(party: str | Outside) -> str:
    """Asterisk's name of somebody to ring."""
    party = checked.party(party)
    if isinstance(party, Outside):
        return f"PJSIP/{party.number}@{TRUNK_PREFIX}{party.trunk}"
    return f"PJSIP/{party}"
