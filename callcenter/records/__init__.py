"""Recordings: from two sides to one kept file. Voicemail: messages that callers leave."""

from callcenter.records.model import Message, Sender
from callcenter.records.recording import Finished, Recordings
from callcenter.records.voicemail import Voicemail

__all__ = ["Finished", "Message", "Recordings", "Sender", "Voicemail"]
