"""Members as CSV: read whole with a report of bad lines, written without PINs. Pure but hashing.

Columns: number, pin, valid_from, valid_to, allowance_seconds, services_left, priority, queue. Only
``number`` is needed; ``pin`` may be empty for a member who is known already.
"""

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from callcenter.kernel.errors import Refused
from callcenter.members.model import Member, require_number, require_pin

COLUMNS = (
    "number",
    "pin",
    "valid_from",
    "valid_to",
    "allowance_seconds",
    "services_left",
    "priority",
    "queue",
)
_MOST_SHOWN = 64


@dataclass(frozen=True, kw_only=True)
class BadLine:
    """A line that cannot be used; ``line`` counts from 1, the heading included."""

    line: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """One good line; ``pin`` "" leaves the PIN as it is."""

    member: Member
    pin: str


def read_cards(
    text: str, tenant: str, known: Callable[[str], Member | None]
) -> tuple[list[Card], list[BadLine]]:
    """Every line, good ones and bad ones; nothing is to be done when there is a bad one."""
    cards: list[Card] = []
    bad: list[BadLine] = []
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    heading = [name.strip() for name in reader.fieldnames or ()]
    unknown = [name for name in heading if name not in COLUMNS]
    if "number" not in heading or unknown:
        what = f"{unknown[0][:_MOST_SHOWN]!r} is no column" if unknown else "no column 'number'"
        return [], [BadLine(line=1, why=f"{what}; columns are {', '.join(COLUMNS)}")]
    reader.fieldnames = heading
    seen: dict[str, int] = {}
    for row in reader:
        try:
            card = _card(row, tenant, known)
        except Refused as error:
            bad.append(BadLine(line=reader.line_num, why=str(error)))
            continue
        before = seen.setdefault(card.member.number, reader.line_num)
        if before != reader.line_num:
            why = f"member {card.member.number} is in line {before} already"
            bad.append(BadLine(line=reader.line_num, why=why))
        cards.append(card)
    return cards, bad


def write_cards(members: Iterable[Member]) -> str:
    """The same columns; PINs are not known to anybody and stay empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for member in members:
        writer.writerow(
            [
                member.number,
                "",
                member.valid_from.isoformat() if member.valid_from else "",
                member.valid_to.isoformat() if member.valid_to else "",
                "" if member.allowance_seconds is None else member.allowance_seconds,
                "" if member.services_left is None else member.services_left,
                member.priority,
                member.queue,
            ]
        )
    return out.getvalue()


def _card(row: dict[str, str | None], tenant: str, known: Callable[[str], Member | None]) -> Card:
    if None in row or None in row.values():
        raise Refused("the line does not have as many fields as the heading")
    given = {name: (text or "").strip() for name, text in row.items()}
    number = require_number(given["number"])
    before, pin = known(number), given.get("pin", "")
    if pin:
        require_pin(pin)
    elif before is None:
        raise Refused(f"member {number} is new and needs a pin")
    member = Member(
        tenant=tenant,
        number=number,
        pin_hash=before.pin_hash if before else "",
        failed=0 if pin or before is None else before.failed,
        locked=False if pin or before is None else before.locked,
        valid_from=_moment(given, "valid_from"),
        valid_to=_moment(given, "valid_to"),
        allowance_seconds=_count(given, "allowance_seconds"),
        services_left=_count(given, "services_left"),
        priority=_count(given, "priority") or 0,
        queue=given.get("queue", ""),
    )
    return Card(member=member, pin=pin)


def _count(given: dict[str, str], name: str) -> int | None:
    text = given.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise Refused(f"{name} {text[:_MOST_SHOWN]!r} is no whole number from 0 on")
    return int(text)


def _moment(given: dict[str, str], name: str) -> datetime | None:
    text = given.get(name, "")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(
            f"{name} {text[:_MOST_SHOWN]!r} is no date; write one like 2026-12-31 or"
            " 2026-12-31T18:00+08:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
