"""Recordings: from two sides to one kept file. Voicemail: messages that callers leave."""

from callcenter.records.backup import Backup, BackupStatus
from callcenter.records.model import Kept, Message, Part, Pause, Recording, Sender, part_id
from callcenter.records.recording import RecordingKept, Recordings
from callcenter.records.retention import Retention
from callcenter.records.rule_store import load_rules
from callcenter.records.rules import (
    Direction,
    RecordingDecision,
    RecordingRule,
    TalkFacts,
    decide_recording,
)
from callcenter.records.storage import Storage
from callcenter.records.voicemail import Voicemail

__all__ = [
    "Backup",
    "BackupStatus",
    "Direction",
    "Kept",
    "Message",
    "Part",
    "Pause",
    "Recording",
    "RecordingDecision",
    "RecordingKept",
    "RecordingRule",
    "Recordings",
    "Retention",
    "Sender",
    "Storage",
    "TalkFacts",
    "Voicemail",
    "decide_recording",
    "load_rules",
    "part_id",
]
