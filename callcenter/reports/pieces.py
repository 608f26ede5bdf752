"""A span of quarters as the fewest rows that hold its sums: thirds of a day, hours, quarters. Pure.

A month is 2,976 quarters but 93 thirds of days; so reports read those sums of quarters which lie
within what they ask for, and quarters only where nothing larger fits. Blocks begin at multiples of
their size since 1970, UTC.
"""

from collections.abc import Iterator

from callcenter.reports.model import HERE, Tally

SIZES = (32, 4)
"""Quarters in a block, the largest first; each size divides the one before it."""

Pieces = dict[int, list[int]]
"""By size, 1 for a quarter itself: where the pieces of this size begin, in order."""


def pieces(begin: int, end: int, step: int = 0, offset: int = 0) -> Pieces:
    """Blocks that are together the quarters from ``begin`` to before ``end``.

    With a ``step`` no block reaches over a quarter at which ``quarter + offset`` is a multiple of
    it: a day of local time, say.
    """
    found: Pieces = {}
    for first, last in _steps(begin, end, step, offset):
        at = first
        while at < last:
            size = next((size for size in SIZES if at % size == 0 and at + size <= last), 1)
            found.setdefault(size, []).append(at)
            at += size
    return found


def _steps(begin: int, end: int, step: int, offset: int) -> Iterator[tuple[int, int]]:
    at = begin
    while step and at < end:
        following = min(end, ((at + offset) // step + 1) * step - offset)
        yield at, following
        at = following
    if not step:
        yield begin, end


def rolled(tally: Tally, size: int) -> Tally:
    """The sums of a tally's quarters, by blocks of this size.

    Those who were there when a quarter began count where the block begins with it.
    """
    sums = Tally()
    for table, rows in tally.rows.items():
        here, found = HERE.get(table), sums.rows.setdefault(table, {})
        for key, row in rows.items():
            quarter = int(key[0])
            block = found.setdefault((quarter - quarter % size, *key[1:]), {})
            for what, count in row.items():
                if what != here or quarter % size == 0:
                    block[what] = block.get(what, 0) + count
    return sums


def whole(begin: int, end: int) -> tuple[int, int]:
    """The quarters of all blocks that these quarters touch."""
    size = SIZES[0]
    return begin - begin % size, end + -end % size


def days(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """A span in parts of a day at most, so that what is held of it at a time has a bound."""
    return _steps(begin, end, 96, 0)
