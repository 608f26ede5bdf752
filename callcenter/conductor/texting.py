"""Texts between phones (S5): from an extension's phone to a seat or an extension of its tenant.

The PBX delivers none by itself. Whoever writes to somebody who cannot be reached is told so.
"""

import structlog

from callcenter.acd import SeatStatus
from callcenter.conductor.context import Context
from callcenter.kernel.errors import CallCenterError
from callcenter.pbx.port import MessageReceived, Pbx

_log = structlog.get_logger(__name__)
_FROM_US = "callcenter"


async def deliver(context: Context, pbx: Pbx, text: MessageReceived) -> None:
    """Pass a text on, or tell its sender that nobody has got it."""
    try:
        phone = _phone_of(context, text)
        if phone and await pbx.message(text.sender, phone, text.text):
            return
        why = f"Nobody at {text.to} can be reached; your text was not delivered."
    except CallCenterError as error:
        why = f"Your text to {text.to} was not delivered. {error}"
    _log.info("text not delivered", sender=text.sender, to=text.to, why=why)
    try:
        await pbx.message(_FROM_US, text.sender, why)
    except CallCenterError as error:
        _log.warning("sender of a text not told", sender=text.sender, why=str(error))


def _phone_of(context: Context, text: MessageReceived) -> str:
    """The extension that the text is for; empty when there is none for this sender."""
    snapshot = context.snapshot.now
    sender = snapshot.numbers.extensions.get(text.sender)
    seat = snapshot.plan.seats.get(text.to)
    if sender is not None and seat is not None and seat.tenant == sender.tenant:
        sitting = context.dispatcher.seat(text.to)
        if sitting.status is not SeatStatus.LOGGED_OUT and sitting.extension:
            return sitting.extension
    phone = snapshot.numbers.extensions.get(text.to)
    same = sender is not None and phone is not None and phone.tenant == sender.tenant
    return text.to if same else ""
