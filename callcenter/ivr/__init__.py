"""Menus: flows as documents, the walker that takes a caller through one, and what is spoken."""

from callcenter.ivr.host import (
    Answer,
    Comment,
    DialOutcome,
    Host,
    MemberCheck,
    MemberOutcome,
    NotAvailable,
    QueueOutcome,
    QueueVisit,
    SentOn,
    Target,
    TargetKind,
    VoicemailOutcome,
    VoicemailVisit,
    WebAnswer,
    WebRequest,
)
from callcenter.ivr.model import Flow, HangUpNode, MenuNode, PlayNode, QueueNode
from callcenter.ivr.store import load_flows, load_published, publish
from callcenter.ivr.walker import Back, FlowBroken, WalkEnd, Walker

__all__ = [
    "Answer",
    "Back",
    "Comment",
    "DialOutcome",
    "Flow",
    "FlowBroken",
    "HangUpNode",
    "Host",
    "MemberCheck",
    "MemberOutcome",
    "MenuNode",
    "NotAvailable",
    "PlayNode",
    "QueueNode",
    "QueueOutcome",
    "QueueVisit",
    "SentOn",
    "Target",
    "TargetKind",
    "VoicemailOutcome",
    "VoicemailVisit",
    "WalkEnd",
    "Walker",
    "WebAnswer",
    "WebRequest",
    "load_flows",
    "load_published",
    "publish",
]
