"""What a queue says and where it sends callers is checked when it is set up (Q3, Q4, Q10)."""

from typing import Any

import pytest

from callcenter.acd import Limits, QueuePlan
from callcenter.kernel.errors import Refused
from callcenter.web.queue_voices import check_voices


def plan(**rules: Any) -> QueuePlan:
    return QueuePlan(name="sales", tenant="acme", **rules)


@pytest.mark.parametrize(
    "rules",
    [
        {"whisper": ("{queue}", "{waited}", "closed"), "comfort": ("all-seats-busy",)},
        {"announce_in": ("zh", "en", "ja")},
        {"limits": Limits(key="*", key_to="callback", full_to="flow:main")},
        {"limits": Limits(waited_to="queue:other", no_seat_to="voicemail:sales")},
    ],
)
def test_what_can_be_done_is_taken(rules: dict[str, Any]) -> None:
    check_voices(plan(**rules))


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({"whisper": ("{secret}",)}, "cannot be the name of a prompt"),
        ({"comfort": ("{queue}",)}, "cannot be the name of a prompt"),
        ({"announce_in": ("de",)}, "nothing is announced in 'de'"),
        ({"limits": Limits(key="12")}, "'12' is no key of a telephone"),
        ({"limits": Limits(full_to="callback")}, "only key_to can be callback"),
        ({"limits": Limits(waited_to="queue:sales")}, "cannot send callers on to itself"),
        ({"limits": Limits(full_to="nowhere")}, "'nowhere' is no destination"),
        ({"limits": Limits(key_to="refuse:busy")}, "cannot be sent to refuse:busy"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(rules: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused) as refused:
        check_voices(plan(**rules))
    assert says in str(refused.value)
