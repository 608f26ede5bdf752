"""A rule is told on a wire; when it is broken, why is said in Python's own words.

pytest's own traceback fails on Python 3.11 where greenlets were imported, and ends the whole run.
"""

import traceback

import pytest

from tests.contract.rig import Rig, Rule


async def keeps(rig: Rig, story: Rule) -> None:
    """Fail when the rule is broken."""
    why = ""
    try:
        await story(rig)
    except Exception:
        why = traceback.format_exc()
    if why:
        pytest.fail(why, pytrace=False)
