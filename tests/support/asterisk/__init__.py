"""An Asterisk in memory that speaks AMI and FastAGI over real TCP and runs our own dialplan.

It keeps channels and refuses what the real one refuses. Words and order are those of
``res_agi.c``, ``app_dial.c`` and ``manager.c`` of Asterisk 22.10, as far as the adapter depends on
them. It has no SIP and no sound: who hears what is known by name.
"""

from tests.support.asterisk.people import Caller, Seat
from tests.support.asterisk.switch import FakeAsterisk

__all__ = ["Caller", "FakeAsterisk", "Seat"]
