"""Where a branch leads: the facts of the call, compared with the cases in their order."""

from callcenter.ivr.host import Host
from callcenter.ivr.mind import Mind
from callcenter.ivr.nodes import BranchNode


def branch(node: BranchNode, host: Host, mind: Mind) -> str:
    """The node to go to."""
    found = _found(node, host, mind)
    for case, target in node.cases.items():
        start = case.removesuffix("*")
        by_start = node.on in ("caller", "dialled") and case.endswith("*")
        if case in found or (by_start and found[0].startswith(start)):
            return target
    return node.otherwise


def _found(node: BranchNode, host: Host, mind: Mind) -> list[str]:
    match node.on:
        case "hours":
            return [host.hours(node.calendar)]
        case "variable":
            return [mind.values.get(node.variable, "")]
        case "member":
            return ["yes" if mind.values.get("member") else "no"]
        case "language":
            return [mind.language]
        case "region":
            facts = host.facts()
            return [facts.get(key, "") for key in ("region", "city", "province", "country")]
        case fact:
            return [host.facts().get(fact, "")]
