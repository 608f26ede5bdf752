"""Finds what is wrong with a flow's document, each finding with its place. Pure.

Shape first (``_shape``: fields, kinds, targets), then, when it holds, sense (``_sense``: what is
never reached, never ends, goes round, or names what does not exist).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from callcenter.ivr import nodes as n
from callcenter.ivr.document import Document, Finding, Path, Severity, read_document
from callcenter.ivr.graph import circles, reached, turned
from callcenter.ivr.model import Flow
from callcenter.ivr.served import FACTS_NOT_YET, LATER, NOT_YET

MOST_JUMPS = 8
_NODE: TypeAdapter[n.Node] = TypeAdapter(n.Node)
_KINDS = sorted(_NODE.json_schema()["discriminator"]["mapping"])
_FACTS = frozenset(
    ("caller", "dialled", "source", "tenant", "country", "province", "city", "region", "now")
)
_VARIABLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
Step = tuple[str, str]  # flow, node


@dataclass(frozen=True, kw_only=True)
class Known:
    """What exists beside the flow; ``None`` where that is not known and is not looked at.

    ``flows`` are those in force, of the same tenant.
    """

    prompts: frozenset[str] | None = None
    queues: frozenset[str] | None = None
    seats: frozenset[str] | None = None
    extensions: frozenset[str] | None = None
    calendars: frozenset[str] | None = None
    lines: frozenset[str] | None = None
    boxes: frozenset[str] | None = None
    flows: Mapping[str, Flow] | None = None
    not_yet: frozenset[str] = field(default=NOT_YET)
    facts_not_yet: frozenset[str] = field(default=FACTS_NOT_YET)


@dataclass(frozen=True, kw_only=True)
class Checked:
    """``flow`` is None when the document is none; with errors among ``findings`` it is a draft."""

    flow: Flow | None
    findings: list[Finding]

    @property
    def ok(self) -> bool:
        """Whether it may be published."""
        return self.flow is not None and not any(
            finding.severity is Severity.ERROR for finding in self.findings
        )


def validate(text: str, known: Known | None = None) -> Checked:
    """Check a document; never raises."""
    document = read_document(text)
    flow = None
    if not document.errors or document.data is not None:
        flow = _shape(document)
    if flow is not None:
        _sense(document, flow, known or Known())
    return Checked(flow=flow, findings=document.sorted())


# -- shape ------------------------------------------------------------------------------------


def _shape(document: Document) -> Flow | None:
    data = document.data
    if not isinstance(data, dict):
        document.found("shape", "A flow is a mapping: name, start, nodes.", ())
        return None
    listed = data.get("nodes")
    if isinstance(listed, dict):
        made = {name: _node(document, name, node) for name, node in listed.items()}
        _targets(document, data, {name: node for name, node in made.items() if node}, set(made))
    if document.errors:
        _head(document, {**data, "nodes": {}})
        return None
    try:
        return Flow.model_validate(data)
    except ValidationError as error:
        _note_errors(document, error, ())
        return None


def _head(document: Document, data: dict[str, Any]) -> None:
    """What is wrong above the nodes, when the nodes are wrong already."""
    try:
        Flow.model_validate(data)
    except ValidationError as error:
        _note_errors(document, error, (), skip=frozenset({"nodes"}))


def _node(document: Document, name: str, node: object) -> n.Node | None:
    path: Path = ("nodes", name)
    kind = node.get("kind") if isinstance(node, dict) else None
    if isinstance(kind, str) and kind in LATER:
        message = f"Node {name!r}: kind {kind!r} is not available yet."
        document.found("not-available", message, (*path, "kind"))
        return None
    if kind is not None and kind not in _KINDS:
        message = f"Node {name!r}: there is no kind {kind!r}; kinds are {', '.join(_KINDS)}."
        document.found("unknown-kind", message, (*path, "kind"))
        return None
    try:
        return _NODE.validate_python(node)
    except ValidationError as error:
        _note_errors(document, error, path)
        return None


def _note_errors(
    document: Document, error: ValidationError, path: Path, skip: frozenset[str | int] = frozenset()
) -> None:
    for detail in error.errors(include_url=False):
        loc = tuple(part for part in detail["loc"] if part != "[key]")
        if path and loc and loc[0] in _KINDS:
            loc = loc[1:]
        if not path and loc and loc[0] in skip:
            continue
        code, message = _words(detail["type"], detail["msg"], loc)
        where = f"Node {path[1]!r}: " if path else ""
        key = not loc or detail["type"] == "extra_forbidden" or "[key]" in detail["loc"]
        document.found(code, f"{where}{message}", (*path, *loc), key=key)


def _words(kind: str, message: str, loc: Path) -> tuple[str, str]:
    name = ".".join(map(str, loc))
    match kind:
        case "missing" if loc and loc[-1] in ("next", "otherwise"):
            return "dead-end", f"{name!r} is missing: the caller could not go on."
        case "missing":
            return "shape", f"{name!r} is missing."
        case "union_tag_not_found":
            return "shape", f"'kind' is missing; kinds are {', '.join(_KINDS)}."
        case "extra_forbidden":
            return "shape", f"{name!r} is not known here."
        case "value_error":
            return "shape", message.removeprefix("Value error, ") + "."
    return "shape", f"{name + ': ' if name else ''}{message}."


def _targets(
    document: Document, data: Mapping[str, Any], nodes: Mapping[str, n.Node], names: set[str]
) -> None:
    start = data.get("start")
    if isinstance(start, str) and start not in names:
        document.found("unknown-target", f"There is no node {start!r} to start at.", ("start",))
    for name, node in nodes.items():
        for leaving in node.exits():
            if leaving.target not in names:
                message = f"Node {name!r}: {leaving.label!r} leads to {leaving.target!r}, no node."
                document.found("unknown-target", message, ("nodes", name, *leaving.path))


# -- sense ------------------------------------------------------------------------------------


def _sense(document: Document, flow: Flow, known: Known) -> None:
    _reach(document, flow)
    _circles(document, flow, known.flows or {})
    _jumps(document, flow, known.flows)
    _variables(document, flow)
    for name, node in flow.nodes.items():
        _names(document, name, node, known)
        _served(document, name, node, known)


def _reach(document: Document, flow: Flow) -> None:
    edges = {name: [e.target for e in node.exits()] for name, node in flow.nodes.items()}
    there = reached(edges, [flow.start])
    ends = [k for k, node in flow.nodes.items() if isinstance(node, n.HangUpNode | n.JumpNode)]
    ending = reached(turned(edges), ends)
    warning = Severity.WARNING
    for name in flow.nodes:
        path = ("nodes", name)
        if name not in there:
            message = f"Node {name!r} is never reached."
            document.found("unreachable", message, path, severity=warning, key=True)
        elif name not in ending:
            message = f"From node {name!r} no way leads to an end: add a hangup or a jump."
            document.found("no-end", message, path, severity=warning, key=True)


def _circles(document: Document, flow: Flow, flows: Mapping[str, Flow]) -> None:
    """Also those that lead through other flows and back."""
    edges: dict[Step, list[Step]] = {}
    for each in (flow, *(other for other in flows.values() if other.name != flow.name)):
        for name, node in each.nodes.items():
            step = (each.name, name)
            edges[step] = [(each.name, e.target) for e in node.exits() if not e.waits]
            if isinstance(node, n.JumpNode):
                other = flow if node.flow == flow.name else flows.get(node.flow)
                if other is not None:
                    edges[step] = [(other.name, node.node or other.start)]
    for circle in circles(edges):
        if not any(name == flow.name for name, _ in circle):
            continue  # not this flow's fault
        words = [step if name == flow.name else f"{name}/{step}" for name, step in circle]
        message = f"{' -> '.join([*words, words[0]])} goes round without asking the caller."
        here = next(step for name, step in circle if name == flow.name)
        document.found("circle", message, ("nodes", here), key=True)


def _jumps(document: Document, flow: Flow, flows: Mapping[str, Flow] | None) -> None:
    if flows is None:
        return
    others = {**flows, flow.name: flow}
    edges = {name: list(_jumped(other)) for name, other in others.items()}
    for name, node in flow.nodes.items():
        if not isinstance(node, n.JumpNode):
            continue
        path = ("nodes", name)
        target = others.get(node.flow)
        if target is None:
            message = f"Node {name!r}: there is no flow {node.flow!r} in force to jump to."
            document.found("unknown-flow", message, (*path, "flow"))
        elif node.node and node.node not in target.nodes:
            message = f"Node {name!r}: flow {node.flow!r} has no node {node.node!r}."
            document.found("unknown-target", message, (*path, "node"))
        elif _deep(edges, node.flow, flow.name) > MOST_JUMPS:
            message = f"Node {name!r}: jumps lead through more than {MOST_JUMPS} flows."
            document.found("too-deep", message, path, key=True)


def _jumped(flow: Flow) -> Iterable[str]:
    return (node.flow for node in flow.nodes.values() if isinstance(node, n.JumpNode))


def _deep(edges: Mapping[str, Iterable[str]], start: str, origin: str) -> int:
    """How many jumps it takes to see every flow that ``start`` leads to, the first included."""
    seen, level, depth = {origin, start}, [start], 1
    while level := [t for at in level for t in edges.get(at, ()) if t not in seen]:
        seen.update(level)
        depth += 1
    return depth


def _variables(document: Document, flow: Flow) -> None:
    is_set = set(_FACTS)
    for node in flow.nodes.values():
        match node:
            case n.DigitsNode():
                is_set.add(node.into)
            case n.RequestNode():
                is_set |= set(node.into)
            case n.SurveyNode():
                is_set |= {question.name for question in node.questions}
            case n.MemberNode() | n.JumpNode():
                return  # what a card or another flow sets is not known here
    for name, node in flow.nodes.items():
        for path, text in _texts(node):
            for variable in sorted(set(_VARIABLE.findall(text)) - is_set):
                message = f"Node {name!r}: nothing sets {variable!r}."
                place = ("nodes", name, *path)
                document.found("unset", message, place, severity=Severity.WARNING)


def _texts(node: n.Node) -> Iterable[tuple[Path, str]]:
    match node:
        case n.SayNode():
            yield ("value",), node.value
        case n.ExtensionNode():
            yield ("extension",), node.extension
        case n.RequestNode():
            yield ("url",), node.url
            yield from ((("send", name), text) for name, text in node.send.items())
        case n.BranchNode() if node.variable:
            yield ("variable",), f"{{{node.variable}}}"


def _names(document: Document, name: str, node: n.Node, known: Known) -> None:
    """Prompts, queues and whatever else it names."""
    path: Path = ("nodes", name)
    if known.prompts is not None:
        for below, prompt in node.prompt_names():
            if prompt not in known.prompts:
                message = f"Node {name!r}: there is no prompt {prompt!r}."
                document.found("missing-prompt", message, (*path, *below))
    for what, exists in (
        ("queue", known.queues),
        ("seat", known.seats),
        ("extension", known.extensions),
        ("calendar", known.calendars),
        ("lines", known.lines),
        ("box", known.boxes),
    ):
        wanted = getattr(node, what, "")
        if wanted and exists is not None and wanted not in exists and "{" not in wanted:
            message = f"Node {name!r}: there is no {what} {wanted!r}."
            document.found(f"missing-{what}", message, (*path, what))
    if isinstance(node, n.RequestNode) and "{" in urlsplit(node.url).netloc:
        message = f"Node {name!r}: a variable may not choose the server of a request."
        document.found("shape", message, (*path, "url"))


def _served(document: Document, name: str, node: n.Node, known: Known) -> None:
    path: Path = ("nodes", name)
    if node.kind in known.not_yet:
        message = f"Node {name!r}: kind {node.kind!r} is not available yet."
        document.found("not-available", message, (*path, "kind"))
    if isinstance(node, n.BranchNode) and node.on in known.facts_not_yet:
        message = f"Node {name!r}: a branch on {node.on!r} is not available yet."
        document.found("not-available", message, (*path, "on"))
