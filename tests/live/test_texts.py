"""Texts between two real phones, through Asterisk and the engine."""

import pytest

from tests.support.site import Site, until

pytestmark = pytest.mark.live


async def test_a_text_from_phone_to_phone(site: Site) -> None:
    ada, grace = await site.phone("1001"), await site.phone("1002")
    assert await ada.message("1002", "你好, Grace") == 202
    await until(lambda: [m.body.decode() for m in grace.messages] == ["你好, Grace"], 5)
    assert await ada.message("4444", "anybody?") == 202
    await until(lambda: bool(ada.messages), 5)
    assert "Nobody at 4444 can be reached" in ada.messages[0].body.decode()
