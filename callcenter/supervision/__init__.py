"""Supervisors: what they may do to calls and when, who listens where, why an act was not done."""

from callcenter.supervision.listening import Listeners, Listening, ListeningView
from callcenter.supervision.model import LISTENING, Act, why_not

__all__ = ["LISTENING", "Act", "Listeners", "Listening", "ListeningView", "why_not"]
