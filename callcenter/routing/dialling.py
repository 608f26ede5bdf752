"""A number as somebody dialled or typed it -> the one way lists and regions know it. Pure.

Not ``phonenumbers.parse``: it costs more than a whole decision (11 µs against 0.5 µs), and lists
also hold prefixes and short codes. Its metadata is used, once for each country.
"""

import re
from functools import lru_cache

from callcenter.kernel.errors import Refused

ANONYMOUS = "anonymous"
MOST_DIGITS = 20
_SEPARATORS = re.compile(r"[\s().\-]+")
_UNNAMED = frozenset(("", ANONYMOUS, "unknown", "unavailable", "restricted", "private"))


class DialPlan:
    """How numbers are dialled inside one country; ``prefix`` is its ``+`` and country code."""

    __slots__ = ("_abroad", "_trunk", "prefix")

    def __init__(self, code: int, trunk: str, abroad: str) -> None:
        self.prefix = f"+{code}"
        self._trunk = trunk
        self._abroad = re.compile(abroad or "(?!)")

    def key(self, number: str) -> str:
        """``+`` and the digits, country code first; for a withheld number :data:`ANONYMOUS`.

        Works on prefixes too: the key of a number's beginning is the beginning of its key.
        """
        if number.startswith("+"):
            return number
        if number.lower() in _UNNAMED:
            return ANONYMOUS
        if number[0] in "01" and (abroad := self._abroad.match(number)):
            return "+" + number[abroad.end() :]
        if self._trunk and number.startswith(self._trunk):
            return self.prefix + number[len(self._trunk) :]
        return self.prefix + number


@lru_cache(maxsize=300)
def dial_plan(country: str) -> DialPlan:
    """The plan of an ISO 3166 country.

    Raises:
        Refused: there is no such country in the telephone network.
    """
    from phonenumbers import PhoneMetadata

    found = PhoneMetadata.metadata_for_region(country.upper())
    if found is None:
        raise Refused(f"{country!r} is no country; write two letters like CN, JP or US.")
    return DialPlan(
        found.country_code or 0, found.national_prefix or "", found.international_prefix or ""
    )


def typed_key(typed: str, country: str) -> str:
    """What a person typed into a list: a number, a prefix ending in ``*``, or ``anonymous``.

    Raises:
        Refused: it is none of them; says why.
    """
    text = _SEPARATORS.sub("", typed)
    if text.lower() == ANONYMOUS:
        return ANONYMOUS
    digits = text.removesuffix("*").removeprefix("+")
    if not digits:
        raise Refused(
            f"{typed!r} holds no digits; write a number, a prefix like 138*, or anonymous."
        )
    if not (digits.isascii() and digits.isdigit()):
        raise Refused(
            f"{typed!r} is no number; write digits, a prefix like 138*, or the word anonymous."
        )
    if len(digits) > MOST_DIGITS:
        raise Refused(f"{typed!r} is longer than {MOST_DIGITS} digits.")
    star = "*" if text.endswith("*") else ""
    return dial_plan(country).key(text.removesuffix("*")) + star
