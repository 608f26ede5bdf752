"""Keys on the phone of who listens: ours are translated, those of FreeSWITCH change nothing."""

from callcenter.pbx.freeswitch.listening import Listeners, begins_as
from callcenter.pbx.port import EavesdropMode


def test_keys_4_5_6_switch_what_others_hear() -> None:
    listeners = Listeners()
    listeners.add("chief", "seat", EavesdropMode.MONITOR)
    assert [listeners.pressed("chief", key) for key in "456"] == ["0", "2", "3"]


def test_a_key_that_freeswitch_switches_by_is_undone() -> None:
    listeners = Listeners()
    listeners.add("chief", "seat", EavesdropMode.MONITOR)
    assert [listeners.pressed("chief", key) for key in "1230"] == ["0", "0", "0", ""]
    sent = listeners.switch("chief", EavesdropMode.WHISPER)
    assert listeners.pressed("chief", sent) == ""  # FreeSWITCH tells our own too
    assert [listeners.pressed("chief", key) for key in "013789"] == ["2", "2", "2", "", "", ""]


def test_who_listened_to_a_channel_that_ends_is_freed_once() -> None:
    listeners = Listeners()
    listeners.add("chief", "seat", EavesdropMode.MONITOR)
    listeners.add("other", "caller", EavesdropMode.BARGE)
    assert listeners.freed_by("seat") == ["chief"]
    assert listeners.freed_by("seat") == []
    assert "chief" not in listeners
    assert "other" in listeners
    assert listeners.pressed("chief", "5") == ""


def test_a_whisper_begins_for_the_leg_that_is_listened_to_alone() -> None:
    sides = [
        (told["eavesdrop_whisper_aleg"], told["eavesdrop_whisper_bleg"])
        for told in map(begins_as, EavesdropMode)
    ]
    assert sides == [("false", "false"), ("false", "true"), ("true", "true")]
