"""The base of everything that can happen to a call. Pure."""

from datetime import datetime

import msgspec


class CallEvent(msgspec.Struct, frozen=True, kw_only=True, tag=str.lower):
    """Base: ``at`` is when it happened, UTC."""

    at: datetime
