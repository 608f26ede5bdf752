"""What every session shares: the rooms it may ask and the pen it writes with."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from callcenter.acd import Dispatcher, Offer, OfferFailure
from callcenter.calls import Ledger
from callcenter.conductor.inbox import Inboxes
from callcenter.conductor.last_agents import LastAgents
from callcenter.conductor.prompt_line import Studio
from callcenter.kernel.clock import Clock
from callcenter.members import MemberBook
from callcenter.pbx.port import LegId
from callcenter.records import Recordings, Voicemail
from callcenter.records.boxes import Mailbox
from callcenter.records.survey import Comments
from callcenter.snapshot import CurrentSnapshot

if TYPE_CHECKING:
    from callcenter.conductor.callback import Callbacks
    from callcenter.conductor.party import Party
    from callcenter.conductor.recorder import Recorder
    from callcenter.conductor.ringing import Ringing


@dataclass(kw_only=True)
class Context:
    """``held`` are seats kept for rings and talks that began under an earlier engine, by call.

    ``handed`` are seats that got a call by an attended transfer, by call. ``ringing`` is what rings
    for which call, as far as this engine dials it.

    ``answered`` is who answered at which leg, until that ends: a joining may be told when the call
    for which they answered has ended already.

    ``inboxes`` bring acts to calls. ``reserved`` are seats taken for a caller who is on the way to
    them, ``kept_places`` is since when callers have waited who were taken out of a queue by an act.

    ``turns`` counts the calls of each group of lines, for round-robin. ``local_requests`` lets web
    requests of flows reach addresses that are not public. ``callbacks`` and ``recorder`` are
    the conductor's.
    """

    clock: Clock
    ledger: Ledger
    dispatcher: Dispatcher
    snapshot: CurrentSnapshot
    recordings: Recordings
    voicemail: Voicemail
    comments: Comments
    mailbox: Mailbox
    studio: Studio
    members: MemberBook
    last_agents: LastAgents = field(default_factory=LastAgents)
    held: dict[str, list[Offer]] = field(default_factory=dict)
    ringing: "dict[str, Ringing]" = field(default_factory=dict)
    handed: dict[str, Offer] = field(default_factory=dict)
    answered: "dict[LegId, Party]" = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    local_requests: bool = False
    reserved: dict[str, Offer] = field(default_factory=dict)
    kept_places: dict[str, datetime] = field(default_factory=dict)
    callbacks: "Callbacks" = field(init=False)
    recorder: "Recorder" = field(init=False)
    inboxes: Inboxes = field(init=False)

    def __post_init__(self) -> None:
        self.inboxes = Inboxes(self.ledger)

    def release_reserved(self, call: str) -> None:
        """The caller does not come to the seat that was taken for them."""
        if (offer := self.reserved.pop(call, None)) is not None:
            self.dispatcher.failed(offer, OfferFailure.CALLER_GONE)
