"""What a walk asks of members: number and PIN, and another PIN (I6). The host checks and keeps."""

from collections.abc import Callable

from callcenter.ivr import nodes as n
from callcenter.ivr.ears import Ears
from callcenter.ivr.host import Host, MemberOutcome
from callcenter.ivr.mind import Mind


class Membership:
    """For one caller. ``chose`` notes keys at the present node."""

    def __init__(
        self, ears: Ears, host: Host, mind: Mind, chose: Callable[[str, str], None]
    ) -> None:
        self._ears = ears
        self._host = host
        self._mind = mind
        self._chose = chose

    async def check(self, node: n.MemberNode) -> str:
        """Number and PIN; which node is next."""
        for _ in range(node.attempts):
            number = await self._ears.digits(node.number, most=20, first=node.wait, between=4)
            pin = await self._ears.digits(node.pin, most=12, first=node.wait, between=4)
            check = await self._host.member(number, pin)
            self._chose(number, check.outcome)
            match check.outcome:
                case MemberOutcome.OK:
                    self._mind.values |= check.values
                    self._mind.values["member"] = check.values.get("member") or number
                    self._mind.priority += check.priority
                    self._mind.member, self._mind.queue = number, check.queue
                    return node.next
                case MemberOutcome.LOCKED:
                    return node.locked or node.otherwise
                case MemberOutcome.EXPIRED:
                    return node.expired or node.otherwise
                case MemberOutcome.USED_UP:
                    return node.used_up or node.otherwise
                case MemberOutcome.WRONG:
                    await self._ears.play(node.refused)
        return node.wrong or node.otherwise

    async def change_pin(self, node: n.MemberPinNode) -> str:
        """The old PIN, the new one twice; which node is next."""
        for _ in range(node.attempts):
            number = self._mind.member or await self._ears.digits(
                node.number, most=20, first=node.wait, between=4
            )
            old = await self._ears.digits(node.pin, most=12, first=node.wait, between=4)
            outcome = (await self._host.member(number, old)).outcome
            self._chose(number, outcome)
            if outcome is MemberOutcome.LOCKED:
                return node.locked or node.otherwise
            if outcome is not MemberOutcome.WRONG:  # a card that is over has its PIN still
                return await self._new_pin(node, number, old)
            await self._ears.play(node.refused)
        return node.otherwise

    async def _new_pin(self, node: n.MemberPinNode, number: str, old: str) -> str:
        for _ in range(node.attempts):
            new = await self._ears.digits(node.new, most=12, first=node.wait, between=4)
            again = await self._ears.digits(node.again, most=12, first=node.wait, between=4)
            if new == again and await self._host.change_pin(number, old, new):
                self._chose("", "changed")
                await self._ears.play(node.done)
                return node.next
            self._chose("*" * len(new), "unfit")
            await self._ears.play(node.unfit)
        return node.otherwise
