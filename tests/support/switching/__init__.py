"""What the two PBXs in memory have in common: a node, its channels, and who is at their other end.

What each says on its wires, and how its dialplan is walked, is in ``tests/support/asterisk`` and
``tests/support/freeswitch``.
"""

from tests.support.switching.channel import Channel
from tests.support.switching.people import Person, Telephone
from tests.support.switching.switch import Switch

__all__ = ["Channel", "Person", "Switch", "Telephone"]
