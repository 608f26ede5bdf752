"""One caller and a group of lines: busy, no answer or unreachable goes on to the next (N2, N3)."""

from datetime import timedelta

import structlog

from callcenter.calls import LinesPassed, NodeEntered, OfferMade, OpenCall, Routed
from callcenter.conductor.context import Context
from callcenter.conductor.ringing import Party, Ringing, seated
from callcenter.conductor.rings import ring_class
from callcenter.lines import Line, LineGroup, LineKind, choose
from callcenter.pbx.port import Channel, DialStatus

_log = structlog.get_logger(__name__)


class Hunt:
    """``ringing`` is the number's colour ring, which goes before the group's; see N8."""

    def __init__(
        self,
        context: Context,
        call: OpenCall,
        channel: Channel,
        group: LineGroup,
        *,
        ringing: str = "",
    ) -> None:
        self._context = context
        self._call = call
        self._channel = channel
        self._group = group
        self._music = ring_class(context, group.tenant, group.colour_ring or ringing)
        self._turn = context.turns.get(group.name, 0)
        context.turns[group.name] = self._turn + 1

    async def run(self, ring: timedelta | None = None) -> DialStatus:
        """Ring until somebody has talked (``ANSWER``) or no line is left (how the last one ended).

        ``ring`` goes before the lines' own times. What an earlier engine tried is not tried again.
        """
        tried = set(_tried(self._call, self._group.name))
        last = DialStatus.UNREACHABLE
        while True:
            choice = choose(self._group, frozenset(tried), self._turn, self._why_not)
            if choice.passed:
                self._note_passed(choice.passed)
            if not choice.lines:
                return last
            tried |= {line.name for line in choice.lines}
            parties = tuple(p for line in choice.lines if (p := self._party(line)) is not None)
            if not parties:
                continue
            last = await self._ring(parties, ring or max(line.ring for line in choice.lines))
            if last is DialStatus.ANSWER:
                return last

    async def _ring(self, parties: tuple[Party, ...], ring: timedelta) -> DialStatus:
        ringing = Ringing(
            self._context,
            self._call,
            self._channel,
            parties,
            music=self._music or ("default" if self._call.answered else ""),
            recorded=self._group.record,
        )
        return await ringing.run(ring)

    def _party(self, line: Line) -> Party | None:
        name, group, context = line.name, self._group.name, self._context
        match line.kind:
            case LineKind.OUTSIDE:
                trunk = line.trunk or context.snapshot.now.numbers.way_out()
                return Party(kind="line", number=line.number, trunk=trunk, line=name, group=group)
            case LineKind.EXTENSION:
                return Party(kind="line", number=line.number, line=name, group=group)
            case LineKind.SEAT:
                offer = context.dispatcher.take(line.number, self._call.id, ring=line.ring)
                if offer is None:
                    return None
                return seated(context, offer, line=name, group=group)

    def _why_not(self, line: Line) -> str:
        """Why the line takes no call now; "" when it does."""
        snapshot = self._context.snapshot.now
        if line.hours:
            plan = snapshot.routing.plans.get((self._group.tenant, line.hours))
            if plan is not None:
                status = plan.at(self._context.clock.now().timestamp())
                if not status.open:
                    return f"closed: {status.why}"
        if line.kind is LineKind.OUTSIDE and not (line.trunk or snapshot.numbers.way_out()):
            return "no trunk leads out"
        if line.kind is LineKind.SEAT and not self._seat_is_free(line.number):
            return "the seat is not free"
        taken = self._taken(line)
        return f"{taken} of {line.calls} calls" if taken >= line.calls else ""

    def _seat_is_free(self, number: str) -> bool:
        return any(
            seat.plan.number == number and seat.takes_calls
            for seat in self._context.dispatcher.seats()
        )

    def _taken(self, line: Line) -> int:
        """Calls on this line now, ringing or talking; the journal keeps them over a restart."""
        return sum(
            offer.line == line.name and offer.group == self._group.name
            for call in self._context.ledger.open.values()
            for offer in call.offers.values()
        )

    def _note_passed(self, passed: tuple[tuple[str, str], ...]) -> None:
        now = self._context.clock.now()
        entry = LinesPassed(at=now, group=self._group.name, passed=list(passed))
        self._context.ledger.note(self._call.id, entry)


def _tried(call: OpenCall, group: str) -> list[str]:
    """Lines that this visit rang before an engine died: since the call came to where it is."""
    names: list[str] = []
    for event in reversed(call.events):
        if isinstance(event, NodeEntered | Routed):
            break
        if isinstance(event, OfferMade) and event.group == group:
            names.append(event.line)
    return names
