"""Whom one dial rings: a queue's choice, a line, an extension, an outside number, a named seat."""

from dataclasses import dataclass, field

from callcenter.acd import Offer
from callcenter.conductor.context import Context
from callcenter.conductor.remote import target
from callcenter.kernel.ids import new_id
from callcenter.pbx.port import Outside


@dataclass(frozen=True, kw_only=True)
class Party:
    """Whom to ring. ``kind`` is line, extension, outside or seat; ``trunk`` makes it outside.

    A seat was taken before: ``offer`` is its lease, and ``token`` that of the lease where a queue
    gave it. ``picks_up`` is the token of the party whose ringing phone this one picks up, and
    ``serves`` the queue whose caller that is.
    """

    kind: str
    number: str
    trunk: str = ""
    line: str = ""
    group: str = ""
    offer: Offer | None = None
    picks_up: str = ""
    serves: str = ""
    token: str = field(default_factory=lambda: new_id("o"))

    @property
    def target(self) -> str | Outside:
        """As the PBX wants it."""
        return Outside(number=self.number, trunk=self.trunk) if self.trunk else self.number

    @property
    def seat(self) -> str:
        """The seat's number, if it is one."""
        return self.offer.seat if self.offer else ""

    @property
    def queue(self) -> str:
        """Whose caller it is, if a queue's."""
        return self.offer.queue if self.offer else self.serves

    @property
    def extension(self) -> str:
        """Where the seat is logged in, else what is dialled."""
        return self.offer.extension if self.offer else self.number


def seated(context: Context, offer: Offer, *, line: str = "", group: str = "") -> Party:
    """The party that a seat's lease is for: at a telephone of ours, or outside."""
    found = target(context, offer.extension)
    number, trunk = (found.number, found.trunk) if isinstance(found, Outside) else (found, "")
    return Party(
        kind="line" if line else "seat",
        number=number,
        trunk=trunk,
        line=line,
        group=group,
        offer=offer,
        token=offer.token,
    )
