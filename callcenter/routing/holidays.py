"""Public holidays and make-up working days, from the ``holidays`` library; a year is read once.

Make-up days of years that the library does not know yet stand in the table ``make_up_days``.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from callcenter.kernel.errors import Refused


class _Year(NamedTuple):
    holidays: Mapping[date, str]
    make_up: frozenset[date]


def public_holiday(code: str, day: date) -> str:
    """Name of the holiday in a country (``CN``) or a part of it (``US-CA``); "" when it is none."""
    return _year(code, day.year).holidays.get(day, "")


def is_make_up_day(code: str, day: date) -> bool:
    """Whether a weekend day is worked there in exchange for a holiday."""
    return day in _year(code, day.year).make_up


def check_code(code: str) -> str:
    """The code as it is stored.

    Raises:
        Refused: no holidays are known under it.
    """
    code = code.strip().upper()
    try:
        _year(code, 2026)
    except (NotImplementedError, KeyError):
        raise Refused(
            f"No public holidays are known for {code!r}; write a country like CN or JP, or a part "
            "of one like US-CA."
        ) from None
    return code


@lru_cache(maxsize=2000)
def _year(code: str, year: int) -> _Year:
    from holidays import country_holidays

    country, _, part = code.partition("-")
    found = country_holidays(country, subdiv=part or None, years=year, expand=False)
    worked = frozenset(day for day in getattr(found, "weekend_workdays", ()) if day.year == year)
    return _Year({day: str(name) for day, name in found.items() if day.year == year}, worked)
