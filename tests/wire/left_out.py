"""Rules of the port that a wire in memory cannot keep or break honestly, and why.

The run prints it. Whatever is not here is run; all are run on the real programs (``tests/live``).
"""

import pytest

from tests.contract.every import RULES, Rule

SOUND = "there is no sound on this wire: what a file holds would be the fake's word only"
_MESSAGES = (
    "both_sides_are_recorded",
    "a_message_ends_with_a_key_which_is_told",
    "a_message_ends_with_silence_or_when_it_is_too_long",
    "what_is_said_after_the_beep_is_in_the_message",
    "a_caller_who_hangs_up_has_left_a_message",
    "a_message_that_is_called_off_makes_way",
)
_ROOMS = (
    "guests_are_in_a_room_as_long_as_a_talk_is_there",
    "a_talk_leaves_a_room_and_goes_on",
    "guests_are_freed_with_the_talk_when_the_engine_is_another",
)
_ONE_LINE = "telephones here have one line: no REFER with Replaces"
_PLACES = "channels that change places inside the PBX are not played"
_KEYS = "a bridge that runs the dialplan for a key is not played"
_EVERYWHERE = {
    "rules_record": SOUND,
    **dict.fromkeys(_MESSAGES, SOUND),
    "rules_join": _ONE_LINE,
    "rules_handed": _ONE_LINE,
    "a_phone_joins_its_caller_with_a_colleague": _ONE_LINE,
    "rules_lamp": "what a telephone is sent (NOTIFY) is SIP",
    "words_are_whole_whatever_the_others_telephone_sends": SOUND,
    "words_reach_both_whom_a_phone_has_joined": _ONE_LINE,
}

FREESWITCH = {
    **_EVERYWHERE,
    **dict.fromkeys(_ROOMS, "mod_conference and mod_loopback are not played"),
    "a_text_reaches_a_phone": "what mod_sms makes of a text for a phone is SIP",
}
"""For the FreeSWITCH adapter: by rule, or a whole file of them."""

ASTERISK = {
    **_EVERYWHERE,
    "rules_pickup": _PLACES,
    **dict.fromkeys(_ROOMS, "ConfBridge is not played"),
    "rules_words": _KEYS,
}
"""For the Asterisk adapter."""


def rules(left_out: dict[str, str]) -> list[object]:
    """Every rule; those left out are skipped with their reason."""
    known = {name for story in RULES for name in (story.__name__, _file(story))}
    assert left_out.keys() <= known, f"there are no such rules: {left_out.keys() - known}"
    return [_case(story, left_out) for story in RULES]


def _file(story: Rule) -> str:
    return story.__module__.rpartition(".")[2]


def _case(story: Rule, left_out: dict[str, str]) -> object:
    why = left_out.get(story.__name__) or left_out.get(_file(story))
    marks = [pytest.mark.skip(reason=why)] if why else []
    return pytest.param(story, id=story.__name__, marks=marks)
