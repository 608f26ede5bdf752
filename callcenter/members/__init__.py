"""Members: checked by number and PIN on the keypad; imported and exported in bulk."""

from callcenter.members.cards import COLUMNS, BadLine, Card, read_cards, write_cards
from callcenter.members.check import MemberBook, hash_pin
from callcenter.members.model import Member, Standing
from callcenter.members.store import load_members, remove_member, save_member

__all__ = [
    "COLUMNS",
    "BadLine",
    "Card",
    "Member",
    "MemberBook",
    "Standing",
    "hash_pin",
    "load_members",
    "read_cards",
    "remove_member",
    "save_member",
    "write_cards",
]
