"""What each language's grammar answers to :mod:`say`. Pure."""

from dataclasses import dataclass
from datetime import date, time
from typing import Protocol

MOST = 999_999_999_999
"""The largest number that can be read out."""

CURRENCIES = {"CNY": 2, "HKD": 2, "JPY": 0, "USD": 2}
"""Currencies and how many digits their smaller unit has."""


@dataclass(frozen=True, kw_only=True)
class Amount:
    """A sum of money in whole units and hundredths (``part``; 0 where there are none)."""

    currency: str
    whole: int
    part: int
    negative: bool = False


class Grammar(Protocol):
    """Each method gives names of pieces in the order in which they are played."""

    def number(self, number: int) -> list[str]:
        """A cardinal number, 0 to :data:`MOST`."""

    def decimal(self, whole: int, fraction: str) -> list[str]:
        """A number with digits behind the point."""

    def ordinal(self, number: int) -> list[str]:
        """First, second ..."""

    def position(self, number: int) -> list[str]:
        """The number in the sentence about the place in the queue."""

    def minutes(self, number: int) -> list[str]:
        """So many minutes."""

    def between(self, low: int, high: int) -> list[str]:
        """From so many to so many minutes."""

    def money(self, amount: Amount) -> list[str]:
        """A sum of money."""

    def date(self, day: date) -> list[str]:
        """A day with its name."""

    def time(self, moment: time, *, hours: int) -> list[str]:
        """A time of day; ``hours`` is 12 or 24."""


def digit_by_digit(text: str) -> list[str]:
    """The digits of a text."""
    return [f"digits/{digit}" for digit in text]
