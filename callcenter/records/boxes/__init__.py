"""Boxes for messages: whose they are, what becomes of a message, who is told (R2)."""

from callcenter.records.boxes.letters import Letters
from callcenter.records.boxes.mailbox import Mailbox
from callcenter.records.boxes.model import Box, Boxes, box_of_seat, seat_of_box
from callcenter.records.boxes.store import load_boxes, remove_box, save_box

__all__ = [
    "Box",
    "Boxes",
    "Letters",
    "Mailbox",
    "box_of_seat",
    "load_boxes",
    "remove_box",
    "save_box",
    "seat_of_box",
]
