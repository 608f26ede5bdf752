"""Words of boxes. Pure.

A box is a name that a destination ``voicemail:NAME`` or a flow uses; it needs no setting up.
``seat-1001`` is the box of seat 1001, ``queue-sales`` that of the queue.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

_SEAT = "seat-"
_QUEUE = "queue-"


@dataclass(frozen=True, kw_only=True)
class Box:
    """A box as an administrator set it up.

    ``greeting`` is a prompt's name, "" the tenant's prompt ``voicemail/<box>`` or the built-in one.
    ``mail`` are addresses that get each message; ``seats`` may listen, besides the box's own and
    those of its queue; ``keep_days`` is how long messages are kept, ``None``: until removed.
    """

    tenant: str
    name: str
    greeting: str = ""
    mail: tuple[str, ...] = ()
    seats: tuple[str, ...] = ()
    keep_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class Boxes:
    """All boxes that were set up, by tenant and name."""

    known: dict[tuple[str, str], Box] = field(default_factory=dict)

    def find(self, tenant: str, name: str) -> Box:
        """As it was set up, or as boxes are that nobody set up."""
        return self.known.get((tenant, name)) or Box(tenant=tenant, name=name)

    def has(self, tenant: str, name: str) -> bool:
        """Whether it was set up."""
        return (tenant, name) in self.known

    def of_seat(self, tenant: str, seat: str, queues: Iterable[str]) -> tuple[str, ...]:
        """Names of the boxes that a seat may listen to, its own first; ``queues`` it works for."""
        named = sorted(
            box.name for box in self.known.values() if box.tenant == tenant and seat in box.seats
        )
        shared = (f"{_QUEUE}{queue}" for queue in sorted(queues))
        return tuple(dict.fromkeys((box_of_seat(seat), *shared, *named)))


def box_of_seat(seat: str) -> str:
    """Name of a seat's box."""
    return f"{_SEAT}{seat}"


def seat_of_box(box: str) -> str:
    """The seat whose box this is, "" when it is none's."""
    return box.removeprefix(_SEAT) if box.startswith(_SEAT) else ""
