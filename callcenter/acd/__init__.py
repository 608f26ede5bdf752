"""Automatic call distribution: seats, queues, offers and the dispatcher that joins them."""

from callcenter.acd.dispatcher import Dispatcher, Waiting
from callcenter.acd.model import (
    Offer,
    OfferFailure,
    Plan,
    QueuePlan,
    QueueView,
    SeatPlan,
    SeatState,
    SeatStatus,
    SeatView,
    StateChanged,
    StatusChanged,
)
from callcenter.acd.register import Register
from callcenter.acd.store import load_plan, load_status, save_queue, save_seat

__all__ = [
    "Dispatcher",
    "Offer",
    "OfferFailure",
    "Plan",
    "QueuePlan",
    "QueueView",
    "Register",
    "SeatPlan",
    "SeatState",
    "SeatStatus",
    "SeatView",
    "StateChanged",
    "StatusChanged",
    "Waiting",
    "load_plan",
    "load_status",
    "save_queue",
    "save_seat",
]
