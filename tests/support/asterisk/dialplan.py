"""The dialplan that we ship (``dialplans/asterisk``): read, and its expressions worked out.

As ``pbx.c`` and ``ast_expr2`` of Asterisk 20 and 22 do it, as far as our dialplan needs it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

Lookup = Callable[[str], str]
"""The value of what stands in ``${...}``, expanded before."""

_LINE = re.compile(r"(?:exten => ([^,]+),1|same => n)(?:\((\w+)\))?,(.*)")
_COMPARED = re.compile(r"(.*?)\s*(!=|=|<|>)\s*(.*)", re.DOTALL)
_SUM = re.compile(r"[0-9+%\- ]+")


@dataclass(frozen=True)
class Step:
    """One priority."""

    label: str
    application: str
    data: str


class Dialplan:
    """Steps by context and extension; patterns begin with ``_``."""

    def __init__(self, text: str) -> None:
        self._contexts: dict[str, dict[str, list[Step]]] = {}
        context: dict[str, list[Step]] = {}
        steps: list[Step] = []
        for line in map(str.strip, text.splitlines()):
            if line.startswith("["):
                context = self._contexts.setdefault(line.strip("[]"), {})
            elif found := _LINE.fullmatch(line):
                extension, label, rest = found.groups()
                if extension:
                    steps = context[extension] = []
                name, _, data = rest.partition("(")
                steps.append(Step(label or "", name, data.rpartition(")")[0]))

    def steps(self, context: str, extension: str) -> list[Step]:
        """Of the extension that fits; none when there is none."""
        known = self._contexts.get(context, {})
        if extension in known:
            return known[extension]
        for name, steps in known.items():
            if name.startswith("_") and _pattern(name).fullmatch(extension):
                return steps
        return []

    def label(self, context: str, extension: str, label: str) -> int:
        """The index of a priority by its label or number."""
        if label.isdecimal():
            return int(label) - 1
        labels = [step.label for step in self.steps(context, extension)]
        return labels.index(label)


def _pattern(text: str) -> re.Pattern[str]:
    made = text[1:].replace("!", ".*").replace("X", "[0-9]")
    return re.compile(made)


def expand(text: str, look: Lookup) -> str:
    """Put values in place of ``${...}`` and ``$[...]``, the innermost first."""
    made, at = "", 0
    while at < len(text):
        opened = text[at : at + 2]
        if opened in ("${", "$["):
            end = _closing(text, at + 2, opened[1])
            inner = expand(text[at + 2 : end], look)
            made += look(inner) if opened == "${" else evaluate(inner)
            at = end + 1
        else:
            made, at = made + text[at], at + 1
    return made


def _closing(text: str, at: int, opened: str) -> int:
    depth, closed = 1, {"{": "}", "[": "]"}[opened]
    while True:
        depth += {opened: 1, closed: -1}.get(text[at], 0)
        if not depth:
            return at
        at += 1


def evaluate(text: str) -> str:
    """``$[...]``: or, and, one comparison, sums."""
    for sign, test in (("|", any), ("&", all)):
        parts = split(text, sign)
        if len(parts) > 1:
            return str(int(test(evaluate(part) not in ("", "0") for part in parts)))
    found = _COMPARED.fullmatch(text.strip())
    if found is not None:
        left, sign, right = evaluate(found[1]), found[2], evaluate(found[3])
        return str(int(_compare(left, sign, right)))
    text = text.strip()
    if _SUM.fullmatch(text) and not text.lstrip("-").isdecimal():
        return str(eval(re.sub(r"\b0+(?=\d)", "", text)))
    return text.strip('"')


def _compare(left: str, sign: str, right: str) -> bool:
    if left.lstrip("-").isdecimal() and right.lstrip("-").isdecimal():
        a, b = int(left), int(right)
        return {"=": a == b, "!=": a != b, "<": a < b, ">": a > b}[sign]
    return {"=": left == right, "!=": left != right, "<": left < right, ">": left > right}[sign]


def split(text: str, sign: str) -> list[str]:
    """At a sign that stands in no quotes and no brackets."""
    parts, depth, quoted = [""], 0, False
    for one in text:
        if one == '"':
            quoted = not quoted
        elif not quoted:
            depth += {"(": 1, ")": -1}.get(one, 0)
        if one == sign and not depth and not quoted:
            parts.append("")
        else:
            parts[-1] += one
    return parts
