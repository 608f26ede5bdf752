"""Members: callers with a number and a PIN, and what they are entitled to (I6). Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callcenter.kernel.errors import Refused

MOST_WRONG = 3
"""So many wrong PINs in a row lock a member."""

_NUMBER = re.compile(r"[0-9]{1,20}")
_PIN = re.compile(r"[0-9]{4,12}")


class Standing(StrEnum):
    """What a check of number and PIN says."""

    OK = "ok"
    WRONG = "wrong"
    LOCKED = "locked"
    EXPIRED = "expired"  # not valid yet, or no more
    USED_UP = "used_up"


@dataclass(frozen=True, kw_only=True)
class Member:
    """One card. ``pin_hash`` is argon2. ``None`` means without limit.

    ``priority`` is added in queues; ``queue`` is where the member is served, for flows to branch.
    """

    tenant: str
    number: str
    pin_hash: str
    failed: int = 0
    locked: bool = False
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    allowance_seconds: int | None = None
    services_left: int | None = None
    priority: int = 0
    queue: str = ""

    def standing(self, now: datetime) -> Standing:
        """Of somebody who has shown the right PIN."""
        if self.locked:
            return Standing.LOCKED
        if (self.valid_from and now < self.valid_from) or (self.valid_to and now > self.valid_to):
            return Standing.EXPIRED
        if 0 in (self.allowance_seconds, self.services_left):
            return Standing.USED_UP
        return Standing.OK


def require_number(number: str) -> str:
    """A member number as the keypad can enter it.

    Raises:
        Refused: it is none.
    """
    if not _NUMBER.fullmatch(number):
        raise Refused(f"{number!r} is no member number; use 1 to 20 digits.")
    return number


def require_pin(pin: str) -> str:
    """A PIN as the keypad can enter it.

    Raises:
        Refused: it is none; it is not repeated in the sentence.
    """
    if not _PIN.fullmatch(pin):
        raise Refused("A PIN is 4 to 12 digits.")
    return pin
