"""Black and white lists as calls read them: immutable, a lookup costs the same at any size.

A number is looked up by hashing it whole, then by hashing each of its beginnings whose length some
prefix of the list has, longest first. Entries are spread over many small dicts, so that a change
copies one of them and shares all others with the lists in force before: adding an entry to a
million costs microseconds, and the event loop never waits for a rebuild. The dicts hold numbers and
text only, so that the garbage collector has no reason to walk them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

PLATFORM = "*"
"""The tenant of lists that hold for everybody."""

_SHARDS = 1024
_FOR_EVER = float("inf")


class ListName(StrEnum):
    """Which list."""

    BLACK = "black"
    WHITE = "white"


class Change(NamedTuple):
    """One row that was written: ``pattern`` is a key, a prefix with ``*``, or ``anonymous``."""

    list: str
    tenant: str
    pattern: str
    note: str = ""
    expires_at: datetime | None = None
    removed: bool = False


class Match(NamedTuple):
    """The entry that a caller met; ``until`` in seconds since 1970."""

    pattern: str
    until: float


V = TypeVar("V", float, str)


class _Sharded(Generic[V]):
    """An immutable mapping of many entries."""

    __slots__ = ("_shards",)

    def __init__(self, shards: tuple[dict[str, V], ...] | None = None) -> None:
        self._shards: tuple[dict[str, V], ...] = shards or ({},) * _SHARDS

    def get(self, key: str) -> V | None:
        return self._shards[hash(key) % _SHARDS].get(key)

    def changed(self, changes: Mapping[str, V | None]) -> "_Sharded[V]":
        """A new one with these entries set, or taken out where ``None``."""
        if not changes:
            return self
        shards, fresh = list(self._shards), set[int]()
        for key, value in changes.items():
            place = hash(key) % _SHARDS
            if place not in fresh:
                shards[place] = dict(shards[place])
                fresh.add(place)
            if value is None:
                shards[place].pop(key, None)
            else:
                shards[place][key] = value
        return _Sharded(tuple(shards))

    def __len__(self) -> int:
        return sum(map(len, self._shards))


class Entries:
    """One list of one tenant: until when each entry counts, and why it is there."""

    __slots__ = ("_counts", "_lengths", "_notes", "_numbers", "_prefixes")

    def __init__(self) -> None:
        self._numbers = _Sharded[float]()
        self._prefixes = _Sharded[float]()
        self._notes = _Sharded[str]()
        self._counts: dict[int, int] = {}
        self._lengths: tuple[int, ...] = ()

    def match(self, key: str, now: float) -> Match | None:
        """The most precise entry in force for this key."""
        until = self._numbers.get(key)
        if until is not None and until > now:
            return Match(key, until)
        size = len(key)
        for length in self._lengths:
            if length <= size:
                prefix = key[:length]
                until = self._prefixes.get(prefix)
                if until is not None and until > now:
                    return Match(prefix + "*", until)
        return None

    def note(self, pattern: str) -> str:
        """Why an entry is there."""
        return self._notes.get(pattern) or ""

    def changed(self, changes: Iterable[Change]) -> "Entries":
        """A new one with these changes; this one stays as it is."""
        numbers: dict[str, float | None] = {}
        prefixes: dict[str, float | None] = {}
        notes: dict[str, str | None] = {}
        for change in changes:
            pattern = change.pattern
            until = None if change.removed else _until(change)
            if pattern.endswith("*"):
                prefixes[pattern[:-1]] = until
            else:
                numbers[pattern] = until
            if change.note or self._notes.get(pattern) or pattern in notes:
                notes[pattern] = None if change.removed else change.note or None
        counts = dict(self._counts)
        for prefix, until in prefixes.items():
            more = (until is not None) - (self._prefixes.get(prefix) is not None)
            counts[len(prefix)] = counts.get(len(prefix), 0) + more
        after = Entries()
        after._numbers = self._numbers.changed(numbers)
        after._prefixes = self._prefixes.changed(prefixes)
        after._notes = self._notes.changed(notes)
        after._counts = counts
        after._lengths = tuple(sorted((n for n, c in counts.items() if c), reverse=True))
        return after

    def __len__(self) -> int:
        return len(self._numbers) + len(self._prefixes)


def _until(change: Change) -> float:
    return change.expires_at.timestamp() if change.expires_at else _FOR_EVER


EMPTY = Entries()


@dataclass(frozen=True, kw_only=True)
class Lists:
    """All lists up to a revision of the database."""

    revision: int = 0
    black: Mapping[str, Entries] = field(default_factory=dict)
    white: Mapping[str, Entries] = field(default_factory=dict)

    def changed(self, revision: int, changes: Iterable[Change]) -> "Lists":
        """New lists with these changes."""
        sorted_out: dict[tuple[str, str], list[Change]] = {}
        for change in changes:
            sorted_out.setdefault((change.list, change.tenant), []).append(change)
        after = {ListName.BLACK: dict(self.black), ListName.WHITE: dict(self.white)}
        for (name, tenant), some in sorted_out.items():
            lists = after[ListName(name)]
            lists[tenant] = lists.get(tenant, EMPTY).changed(some)
        return Lists(revision=revision, black=after[ListName.BLACK], white=after[ListName.WHITE])
