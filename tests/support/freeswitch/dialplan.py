"""The dialplan that we ship (``dialplans/freeswitch``), read and followed as FreeSWITCH does.

What is left out: a backslash before ``$`` keeps it from being expanded until the channel ends,
however many there are.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, fromstring

Call = Callable[[str, str], str]
_FIELD = re.compile(r"\$\{(.+)\}")


@dataclass(frozen=True)
class Action:
    """An application and its argument, not expanded yet."""

    application: str
    data: str


class Dialplan:
    """Contexts by name."""

    def __init__(self, text: str) -> None:
        root = fromstring(re.sub(r"<X-PRE-PROCESS[^>]*/>", "", text))
        self._contexts = {one.get("name", ""): one for one in root.iter("context")}

    def actions(
        self, context: str, destination: str, variables: Mapping[str, str], call: Call
    ) -> list[Action]:
        """What is to be done there."""
        found: list[Action] = []
        for extension in self._contexts[context].iter("extension"):
            matched, rows = _matched(extension, destination, variables, call)
            found += rows
            if matched and extension.get("continue") != "true":
                break
        return found


def _matched(
    extension: Element, destination: str, variables: Mapping[str, str], call: Call
) -> tuple[bool, list[Action]]:
    rows: list[Action] = []
    for condition in extension.iter("condition"):
        field = condition.get("field", "")
        told = destination if field == "destination_number" else expand(field, variables, call)
        found = re.search(condition.get("expression", ""), told)
        if found is None:
            return False, rows
        for action in condition.iter("action"):
            data = re.sub(
                r"\$(\d)", lambda at, found=found: found.group(int(at[1])), action.get("data", "")
            )
            rows.append(Action(action.get("application", ""), data))
    return True, rows


def expand(text: str, variables: Mapping[str, str], call: Call, *, last: bool = False) -> str:
    """Put values in place of ``${name}`` and ``${command(arguments)}``; ``last``: of all."""
    if last:
        text = text.replace("\\", "")
    made, at = "", 0
    while (begin := text.find("${", at)) >= 0:
        if begin and text[begin - 1] == "\\":
            made, at = made + text[at : begin + 2], begin + 2
            continue
        end = _closing(text, begin + 2)
        inner = expand(text[begin + 2 : end], variables, call)
        made += text[at:begin] + _value(inner, variables, call)
        at = end + 1
    return made + text[at:]


def _closing(text: str, at: int) -> int:
    depth = 1
    while depth:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return at - 1


def _value(inner: str, variables: Mapping[str, str], call: Call) -> str:
    name, bracket, rest = inner.partition("(")
    if not bracket:
        return variables.get(inner, "")
    arguments = rest.rpartition(")")[0]
    match name:
        case "cond":
            test, _, results = arguments.partition(" ? ")
            left, _, right = test.partition("==")
            yes, _, no = results.partition(" : ")
            return yes if left.strip() == right.strip() else no
        case _:
            return call(name, arguments)
