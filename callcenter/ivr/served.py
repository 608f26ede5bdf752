"""Kinds of node that validation refuses by name, because nobody serves them (yet)."""

LATER = frozenset({"callback", "conference", "connect", "fax", "message", "payment"})
"""Kinds of rooms that are not built yet."""

NOT_YET = frozenset(
    {"seat", "extension", "outside", "lines", "voicemail", "member", "last-agent", "request"}
)
"""Kinds the walker knows and the conductor's host does not serve yet: take them out one by one."""

FACTS_NOT_YET = frozenset({"hours", "region"})
"""What a branch cannot ask the conductor's host yet."""
