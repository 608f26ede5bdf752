"""Whether what a queue says, and where it sends callers, can be: told when it is set up."""

from callcenter.acd import Action, QueuePlan
from callcenter.ivr.prompts import LANGUAGES, BadPrompt, check_place
from callcenter.kernel.errors import Refused
from callcenter.numbers import Destination, Kind

PIECES = ("{queue}", "{tenant}", "{region}", "{waited}", "{caller}")
"""What may stand in ``whisper`` besides prompts; see :mod:`callcenter.conductor.spoken`."""
_KEYS = "0123456789*#"


def check_voices(plan: QueuePlan) -> None:
    """Make sure that this plan can be acted on.

    Raises:
        Refused: one sentence with the queue and what is wrong.
    """
    limits = plan.limits
    if len(limits.key) > 1 or limits.key not in _KEYS:
        raise Refused(f"Queue {plan.name}: {limits.key!r} is no key of a telephone.")
    for target in targets_of(plan):
        _check_target(plan, target)
    if wrong := [language for language in plan.announce_in if language not in LANGUAGES]:
        raise Refused(f"Queue {plan.name}: nothing is announced in {wrong[0]!r}.")
    for word in (*plan.comfort, *plan.whisper):
        if word in PIECES and word not in plan.comfort:
            continue
        try:
            check_place(plan.tenant, word)
        except BadPrompt as bad:
            raise Refused(f"Queue {plan.name}: {bad}") from None


def targets_of(plan: QueuePlan) -> list[str]:
    """Where a queue may send callers on, as they were written; "" where it does not."""
    limits = plan.limits
    targets = [limits.full_to, limits.waited_to, limits.no_seat_to]
    targets += [limits.key_to] if limits.key_to != "callback" else []
    return [*targets, *(step.to for step in plan.recipe if step.action is Action.OVERFLOW)]


def _check_target(plan: QueuePlan, target: str) -> None:
    if not target:
        return
    if target.partition(":")[0] == "callback":
        raise Refused(
            f"Queue {plan.name}: callers are called back when they have asked for it; only key_to"
            " can be callback."
        )
    to = Destination.parse(target)
    if to.kind is Kind.QUEUE and to.name == plan.name:
        raise Refused(f"Queue {plan.name}: it cannot send callers on to itself.")
    if to.kind in (Kind.FEATURE, Kind.REFUSE):
        raise Refused(f"Queue {plan.name}: a waiting caller cannot be sent to {target}.")
