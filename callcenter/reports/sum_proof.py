"""The proof of the sums by hours and thirds of days, which reports are made from."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select

from callcenter.reports.answer import Proof
from callcenter.reports.balances import MEND, ProofFailed, named
from callcenter.reports.calendar import Span
from callcenter.reports.model import KEYS, Counts, Key
from callcenter.reports.pieces import SIZES, days, whole
from callcenter.reports.store import summed, summed_rows

Sums = tuple[int, ...]


def sums_of_quarters(connection: Connection, span: Span) -> Proof:
    """Each of them that touches the span, made anew and compared.

    Raises:
        ProofFailed: at the first that is another; its sentence names the row.
    """
    name, checked = "hours and days are sums of quarters", 0
    for begin, end in days(*whole(span.begin, span.end)):
        within = {"begin": begin, "end": end}
        for counts in Counts:
            for size in SIZES:
                kept = _by_key(connection, summed_rows(counts, size), counts, within)
                made = _by_key(connection, summed(counts, size), counts, within)
                checked += len(made)
                for key in sorted({*kept, *made}, key=str):
                    if kept.get(key) != made.get(key):
                        row = dict(zip(KEYS[counts], key, strict=True))
                        raise ProofFailed(
                            f"Proof '{name}' fails: the sum of {size // 4} h from "
                            f"{named(counts, row, KEYS[counts][1:])}, is not that of its quarters. "
                            f"{MEND}"
                        )
    what = "each sum that reports are made from is that of its quarters of an hour"
    return Proof(name=name, what=what, checked=checked)


def _by_key(
    connection: Connection, query: Select[Any], counts: Counts, within: Mapping[str, int]
) -> dict[Key, Sums]:
    """Sums of rows by key; where all are nothing there need be no row."""
    keys = len(KEYS[counts])
    found = (
        (tuple(row[1 : keys + 1]), tuple(map(int, row[keys + 1 :])))
        for row in connection.execute(query, within)
    )
    return {key: sums for key, sums in found if any(sums)}
