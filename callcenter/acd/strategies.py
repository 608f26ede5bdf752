"""The strategies of a queue (Q1): by which key free seats are put in order, the smallest first.

A new strategy is a function here, its line in ``STRATEGIES`` and its name in the model. Keys are
taken when a seat becomes free and must not change while it stays free.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from callcenter.acd.model import StrategyName


class Facts(Protocol):
    """What a strategy may know of a seat."""

    @property
    def idle_since(self) -> float:
        """Clock seconds."""

    @property
    def calls(self) -> int:
        """Calls answered."""

    @property
    def talk_seconds(self) -> float:
        """Talk of all of them."""


class Place(Protocol):
    """What a strategy may know of a seat's place in the queue."""

    @property
    def position(self) -> int:
        """In the queue's list, from 0."""

    @property
    def turn(self) -> int:
        """When this queue last rang it; 0: never."""

    @property
    def level(self) -> int:
        """Sum of its levels in the skills asked for."""


def longest_idle(seat: Facts, _place: Place) -> float:
    """Who has been idle longest."""
    return seat.idle_since


def fewest_calls(seat: Facts, _place: Place) -> float:
    """Who has answered fewest calls."""
    return seat.calls


def least_talk(seat: Facts, _place: Place) -> float:
    """Who has talked least."""
    return seat.talk_seconds


def round_robin(_seat: Facts, place: Place) -> float:
    """Whose last turn in this queue is longest ago; the busy are served when they are back."""
    return place.turn


def linear(_seat: Facts, place: Place) -> float:
    """Always in the order of the list."""
    return place.position


def skill_level(_seat: Facts, place: Place) -> float:
    """Who is best at what the caller needs."""
    return -place.level


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """``key`` orders; ``draws`` picks blindly among equals of rank; ``all`` rings all of them."""

    key: Callable[[Facts, Place], float]
    says: str
    draws: bool = False
    all: bool = False


STRATEGIES = {
    StrategyName.LONGEST_IDLE: Strategy(key=longest_idle, says="idle longest"),
    StrategyName.FEWEST_CALLS: Strategy(key=fewest_calls, says="has answered fewest calls"),
    StrategyName.LEAST_TALK: Strategy(key=least_talk, says="has talked least"),
    StrategyName.ROUND_ROBIN: Strategy(key=round_robin, says="whose turn it is"),
    StrategyName.LINEAR: Strategy(key=linear, says="first in the list"),
    StrategyName.RANDOM: Strategy(key=longest_idle, says="drawn by lot", draws=True),
    StrategyName.RING_ALL: Strategy(key=longest_idle, says="rung with all others", all=True),
    StrategyName.SKILL_LEVEL: Strategy(key=skill_level, says="best at what is needed"),
}
