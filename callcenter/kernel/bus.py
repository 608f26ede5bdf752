"""Typed events told upward: a room publishes what happened and does not know who listens."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

import structlog

Event = TypeVar("Event")
_log = structlog.get_logger(__name__)


class Bus:
    """Synchronous delivery in the order of subscription; a listener's fault harms no other."""

    def __init__(self) -> None:
        self._listeners: dict[type, list[Callable[[Any], None]]] = defaultdict(list)

    def subscribe(self, kind: type[Event], listener: Callable[[Event], None]) -> None:
        """Have ``listener`` called with each event whose class is exactly ``kind``."""
        self._listeners[kind].append(listener)

    def publish(self, event: object) -> None:
        """Tell every listener of the event's class."""
        for listener in tuple(self._listeners[type(event)]):
            try:
                listener(event)
            except Exception:
                _log.exception("listener failed", event_type=type(event).__name__)
