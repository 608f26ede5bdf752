"""Texts between two real phones, through the PBX and the engine."""

import pytest

from tests.support.phone import Phone
from tests.support.site import Site, until

pytestmark = pytest.mark.live


def texts(phone: Phone) -> list[str]:
    """What came as a text; a lamp is told outside calls too."""
    return [one.body.decode() for one in phone.messages if one.method == "MESSAGE"]


async def test_a_text_from_phone_to_phone(site: Site) -> None:
    ada, grace = await site.phone("1001"), await site.phone("1002")
    assert await ada.message("1002", "你好, Grace") == 202
    await until(lambda: texts(grace) == ["你好, Grace"], 5)
    assert await ada.message("4444", "anybody?") == 202
    await until(lambda: bool(texts(ada)), 5)
    assert "Nobody at 4444 can be reached" in texts(ada)[0]
