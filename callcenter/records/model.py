"""Words of voicemail. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message. ``path`` is relative to the folder of voicemail."""

    id: str
    tenant: str
    box: str
    call: str
    caller: str
    at: datetime
    seconds: float
    path: str
    heard_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who speaks: the call, its tenant and the number that is shown for it."""

    call: str
    tenant: str
    caller: str
