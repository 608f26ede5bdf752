"""A FreeSWITCH in memory that speaks the event socket over real TCP and runs our own dialplan.

It keeps channels and refuses what the real one refuses. What goes over its wire was compared with
recordings of FreeSWITCH 1.10.12 running the rules of ``tests/contract`` with real phones: order of
events, headers that the adapter reads, words of replies, causes, and that lists of channels are a
tenth of a second late. It has no SIP and no sound: who hears what is known by name.
"""

from tests.support.freeswitch.people import Caller, Seat
from tests.support.freeswitch.switch import FakeFreeswitch

__all__ = ["Caller", "FakeFreeswitch", "Seat"]
