"""Whether the audit log is as it was written: every row, every link, and its end."""

from sqlalchemy import Connection

from callcenter.access.model import AuditRow, Head, Verified
from callcenter.access.store import load_head, rows_in_order


def verify(connection: Connection, anchor: Head) -> Verified:
    """Read the whole log (blocking); ``anchor`` is the head as the engine or its journal knows it.

    Rows beyond the anchor may have been added since; they have to fit all the same.
    """
    last = Head()
    for row in rows_in_order(connection):
        if why := _wrong(row, last, anchor):
            return Verified(rows=last.number, broken=last.number + 1, why=why)
        last = Head(number=row.number, hash=row.hash)
    return _whole(last, max(anchor, load_head(connection), key=lambda head: head.number))


def _wrong(row: AuditRow, before: Head, anchor: Head) -> str:
    expected = before.number + 1
    if row.number != expected:
        gone = (
            f"{expected} is"
            if row.number == expected + 1
            else f"{expected} to {row.number - 1} are"
        )
        return f"Row {gone} missing." if row.number > expected else f"Row {row.number} is extra."
    if row.hash != row.reckoned():
        return f"Row {row.number} is not as it was written."
    if row.previous != before.hash:
        return f"Row {row.number} does not follow the row before it; one of both was replaced."
    if row.number == anchor.number and row.hash != anchor.hash:
        return f"Row {row.number} is not the one that the engine wrote."
    return ""


def _whole(last: Head, head: Head) -> Verified:
    if last.number < head.number:
        missing = last.number + 1
        gone = f"{missing} is" if missing == head.number else f"{missing} to {head.number} are"
        return Verified(rows=last.number, broken=missing, why=f"Row {gone} missing at the end.")
    if last.number == head.number and last.hash != head.hash:
        why = f"Row {last.number} is not the one that was written last."
        return Verified(rows=last.number - 1, broken=last.number, why=why)
    if last.number > head.number:
        why = f"Row {head.number + 1} was not written by an engine."
        return Verified(rows=head.number, broken=head.number + 1, why=why)
    return Verified(rows=last.number)
