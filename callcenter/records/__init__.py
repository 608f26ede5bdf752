"""Recordings: from two sides to one kept file."""

from callcenter.records.recording import Finished, Recordings

__all__ = ["Finished", "Recordings"]
