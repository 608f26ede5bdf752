"""Calls that ended while no engine listened: the dialplan's note of them in AstDB. Pure.

The note is ``end|`` followed by the dial facts (:mod:`facts`), under the call's identity.
"""

from callcenter.pbx.asterisk.facts import DialFacts, read_time
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Ended

FAMILY = "cc-ended"


def read_orphan(key: str, note: str, node: str) -> tuple[str, Ended]:
    """The call's identity and its end; ``key`` is AstDB's ``/family/call``."""
    end, _, rest = note.partition("|")
    at = read_time(end)
    facts = DialFacts.parse(rest)
    dial = facts.result(node, at) if facts.dialling and at is not None else None
    return key.rpartition("/")[2], Ended(cause=facts.cause or Cause.NORMAL, dial=dial, at=at)
