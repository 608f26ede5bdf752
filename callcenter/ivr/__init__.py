"""Menus: flows as documents, the walker that takes a caller through one, and what is spoken."""

from callcenter.ivr.model import Flow, HangUpNode, MenuNode, PlayNode, QueueNode
from callcenter.ivr.store import load_flows, load_published, publish
from callcenter.ivr.walker import Host, LoopsForEver, Walker

__all__ = [
    "Flow",
    "HangUpNode",
    "Host",
    "LoopsForEver",
    "MenuNode",
    "PlayNode",
    "QueueNode",
    "Walker",
    "load_flows",
    "load_published",
    "publish",
]
