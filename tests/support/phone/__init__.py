"""A small real SIP phone on asyncio, for tests against a real PBX.

Our own because tests must control every millisecond and measure every sample::

    async with await Phone.open(server=("127.0.0.1", 5060), user="1001", password="...") as phone:
        await phone.register()
        call = await phone.dial("4008001234")
        await call.hears("en/welcome.wav", within=6)
        await call.press("1")
        await call.hang_up()

Bottom up: ``sip`` ``digest`` ``sdp`` ``rtp`` ``g711`` (pure) · ``wire`` ``transactions`` ``agent``
(SIP) · ``ticker`` ``sources`` ``sender`` ``heard`` ``voice`` (audio) · ``call`` ``outgoing``
``incoming`` ``registration`` ``phone``.
"""

from tests.support.phone.agent import PhoneRefused
from tests.support.phone.call import ByeInfo, Call
from tests.support.phone.heard import Gap, Heard, Key
from tests.support.phone.incoming import Behaviour, IncomingCall, answer_after, never, reject
from tests.support.phone.outgoing import OutgoingCall
from tests.support.phone.phone import Phone
from tests.support.phone.voice import PromptHeard
from tests.support.phone.wire import PhoneFailure

__all__ = [
    "Behaviour",
    "ByeInfo",
    "Call",
    "Gap",
    "Heard",
    "IncomingCall",
    "Key",
    "OutgoingCall",
    "Phone",
    "PhoneFailure",
    "PhoneRefused",
    "PromptHeard",
    "answer_after",
    "never",
    "reject",
]
