"""What every session shares: the rooms it may ask and the pen it writes with."""

from dataclasses import dataclass, field

from callcenter.acd import Dispatcher, Offer
from callcenter.calls import Ledger
from callcenter.conductor.prompt_line import Studio
from callcenter.kernel.clock import Clock
from callcenter.records import Recordings, Voicemail
from callcenter.snapshot import CurrentSnapshot


@dataclass(kw_only=True)
class Context:
    """``held`` are seats kept for talks that began under an earlier engine, by call."""

    clock: Clock
    ledger: Ledger
    dispatcher: Dispatcher
    snapshot: CurrentSnapshot
    recordings: Recordings
    voicemail: Voicemail
    studio: Studio
    held: dict[str, Offer] = field(default_factory=dict)
