"""Kinds of node that validation refuses by name, because nobody serves them (yet)."""

LATER = frozenset({"callback", "conference", "connect", "fax", "message", "payment"})
"""Kinds of rooms that are not built yet."""

NOT_YET: frozenset[str] = frozenset()
"""Kinds the walker knows and the conductor's host does not serve: none at present."""

FACTS_NOT_YET: frozenset[str] = frozenset()
"""What a branch cannot ask the conductor's host: nothing at present."""
