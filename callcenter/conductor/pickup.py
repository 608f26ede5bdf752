"""A phone picks up what rings at a colleague's (S2): ``*8``, or ``*8`` and the colleague's number.

Alone it takes what has rung longest: of a queue that the agent serves, or at a seat that serves
one of those; from a phone where nobody is logged in, what rings for no queue. With a number it
takes whatever rings at that extension or seat. Always of the same tenant.
"""

from callcenter.acd.desk import OUTSIDE
from callcenter.conductor.context import Context
from callcenter.conductor.party import Party
from callcenter.conductor.ringing import Ringing
from callcenter.pbx.port import Channel, LegId

Found = tuple[Ringing, LegId, Party]


async def pick_up(context: Context, channel: Channel, number: str) -> bool:
    """``False``: there was nothing, or it rings no more, and the phone may be told so."""
    extension = channel.arrival.endpoint
    for ringing, leg, party in _candidates(context, extension, number):
        lent = ringing.lend(party, extension)
        if lent is None:
            continue
        done = False
        try:
            done = await channel.pick_up(leg)
        finally:
            if not done:
                ringing.give_back(lent)
        if done:
            return True
    return False


def _candidates(context: Context, extension: str, number: str) -> list[Found]:
    """What this phone may pick up, the longest ringing first."""
    known = context.snapshot.now.numbers.extensions.get(extension)
    if known is None:
        return []
    own = context.dispatcher.seat_at(extension)
    serves = _queues_of(context, own.plan.number) if own else frozenset()
    found: list[Found] = []
    for ringing in context.ringing.values():
        if ringing.tenant != known.tenant:
            continue
        for leg, party in ringing.rings:
            if party.number == extension:
                continue
            if number:
                meant = number in (party.number, party.seat)
            elif own is not None:
                meant = bool(serves & _queues_at(context, party))
            else:
                meant = not party.queue
            if meant:
                found.append((ringing, leg, party))
    return found


def _queues_at(context: Context, party: Party) -> frozenset[str]:
    """The queue that rings there, and those that the seat there serves."""
    seat = party.seat
    if not seat and (sitting := context.dispatcher.seat_at(party.number.removeprefix(OUTSIDE))):
        seat = sitting.plan.number
    served = _queues_of(context, seat) if seat else frozenset()
    return served | {party.queue} if party.queue else served


def _queues_of(context: Context, seat: str) -> frozenset[str]:
    queues = context.snapshot.now.plan.queues.values()
    return frozenset(q.name for q in queues if any(number == seat for number, _ in q.seats))
