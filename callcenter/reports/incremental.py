"""Counts as they come: in the same transaction that writes a CDR or a change of a seat.

The engine hands these to its ledger and its register. A call counts once: where its CDR is written
anew, what the stored one had added is taken back first. So the counts are always those of the CDRs
that are stored, whatever was replayed.
"""

from collections.abc import Iterable, Sequence

import structlog
from sqlalchemy import Connection, select

from callcenter.acd.log import SeatNoted, noted_of, seat_log
from callcenter.calls.cdr import Cdr
from callcenter.calls.store import add_parts, cdr_from
from callcenter.calls.tables import cdrs
from callcenter.reports.counting import tally_of
from callcenter.reports.model import Tally
from callcenter.reports.seat_time import span_tally
from callcenter.reports.store import add_tally

_log = structlog.get_logger(__name__)


def count_calls(connection: Connection, ended: Sequence[Cdr]) -> None:
    """Before these CDRs are written."""
    by_id = {cdr.id: cdr for cdr in ended}  # the last of each is what will be stored
    tally = Tally()
    _merge(tally, by_id.values(), 1)
    query = select(cdrs).where(cdrs.c.id.in_(by_id))
    stored = [cdr_from(row) for row in connection.execute(query).mappings()]
    add_parts(connection, stored)
    _merge(tally, stored, -1)
    add_tally(connection, tally)


def _merge(tally: Tally, found: Iterable[Cdr], sign: int) -> None:
    for cdr in found:
        try:
            tally.merge(tally_of(cdr), sign)
        except Exception:  # a CDR is worth more than its count, which can be recomputed
            _log.exception("call not counted; run `callcenter report recompute`", call=cdr.id)


def count_seat(connection: Connection, position: int, noted: SeatNoted) -> None:
    """Before a change of a seat is written: the span that it ends."""
    log = seat_log.c
    rows = select(seat_log).where(log.seat == noted.seat, log.position <= position)
    row = connection.execute(rows.order_by(log.position.desc()).limit(1)).first()
    if row is not None and row.position != position:
        add_tally(connection, span_tally(noted_of(row), noted.at))
