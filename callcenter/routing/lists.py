"""Black and white lists as calls read them: immutable, a lookup costs the same at any size.

A number is looked up by hashing it whole, then by hashing each of its beginnings whose length some
prefix of the list has, longest first. Entries are spread over many small dicts, so that a change
copies one of them and shares all others with the lists in force before: adding an entry to a
million costs microseconds, and the event loop never waits for a rebuild.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

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


class Held(NamedTuple):
    """What a list knows of one pattern; ``until`` in seconds since 1970."""

    until: float
    note: str


class Match(NamedTuple):
    """The entry that a caller met."""

    pattern: str
    held: Held


_PLAIN = Held(_FOR_EVER, "")
_Shard = dict[str, Held]


class _Sharded:
    """An immutable mapping of many entries."""

    __slots__ = ("_shards",)

    def __init__(self, shards: tuple[_Shard, ...] | None = None) -> None:
        self._shards = shards or ({},) * _SHARDS

    def get(self, key: str) -> Held | None:
        return self._shards[hash(key) % _SHARDS].get(key)

    def changed(self, changes: Iterable[tuple[str, Held | None]]) -> "_Sharded":
        """A new one with these entries set, or taken out where ``None``."""
        shards, fresh = list(self._shards), set[int]()
        for key, held in changes:
            place = hash(key) % _SHARDS
            if place not in fresh:
                shards[place] = dict(shards[place])
                fresh.add(place)
            if held is None:
                shards[place].pop(key, None)
            else:
                shards[place][key] = held
        return _Sharded(tuple(shards))

    def __len__(self) -> int:
        return sum(map(len, self._shards))


class Entries:
    """One list of one tenant."""

    __slots__ = ("_counts", "_lengths", "_numbers", "_prefixes")

    def __init__(
        self,
        numbers: _Sharded | None = None,
        prefixes: _Sharded | None = None,
        counts: Mapping[int, int] | None = None,
    ) -> None:
        self._numbers = numbers or _Sharded()
        self._prefixes = prefixes or _Sharded()
        self._counts = dict(counts or {})
        self._lengths = tuple(sorted((n for n, c in self._counts.items() if c), reverse=True))

    def match(self, key: str, now: float) -> Match | None:
        """The most precise entry in force for this key."""
        held = self._numbers.get(key)
        if held is not None and held.until > now:
            return Match(key, held)
        size = len(key)
        for length in self._lengths:
            if length <= size:
                prefix = key[:length]
                held = self._prefixes.get(prefix)
                if held is not None and held.until > now:
                    return Match(prefix + "*", held)
        return None

    def changed(self, changes: Iterable[Change]) -> "Entries":
        """A new one with these changes; this one stays as it is."""
        last = {change.pattern: change for change in changes}
        numbers: list[tuple[str, Held | None]] = []
        prefixes: list[tuple[str, Held | None]] = []
        counts = dict(self._counts)
        for pattern, change in last.items():
            held = None if change.removed else _held(change)
            if not pattern.endswith("*"):
                numbers.append((pattern, held))
                continue
            prefix = pattern[:-1]
            before, after = self._prefixes.get(prefix) is not None, held is not None
            counts[len(prefix)] = counts.get(len(prefix), 0) + after - before
            prefixes.append((prefix, held))
        return Entries(
            self._numbers.changed(numbers) if numbers else self._numbers,
            self._prefixes.changed(prefixes) if prefixes else self._prefixes,
            counts,
        )

    def __len__(self) -> int:
        return len(self._numbers) + len(self._prefixes)


def _held(change: Change) -> Held:
    if change.expires_at is None and not change.note:
        return _PLAIN
    until = change.expires_at.timestamp() if change.expires_at else _FOR_EVER
    return Held(until, change.note)


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
