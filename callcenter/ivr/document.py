"""A flow's document as it was written: YAML or JSON in, values out, each with its place.

PyYAML parses; values are made here by YAML 1.2's core rules, so ``no`` is a word, ``0101`` keeps
its zero and ``12:30`` is no number. Aliases and tags are refused: a flow needs none, and they are
how small files become large ones.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import yaml

MOST_CHARACTERS = 512 * 1024
_MOST_DEPTH = 20
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
Path = tuple[str | int, ...]


class Place(NamedTuple):
    """Counted from 1, as editors do."""

    line: int
    column: int


class Severity(StrEnum):
    """An error stops publishing; a warning is a hint."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something wrong with a document. ``code`` is stable; ``path`` like ``nodes.main.next``."""

    severity: Severity
    code: str
    message: str
    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.severity}: {self.message} [{self.code}]"


class _Bad(Exception):
    def __init__(self, code: str, message: str, place: Place) -> None:
        super().__init__(message)
        self.code, self.place = code, place


@dataclass
class Document:
    """What was read. ``data`` is None when it could not be read at all."""

    data: Any = None
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def place(self, path: Path, *, key: bool = False) -> Place:
        """Where a value (or its key) stands; where it is missing, what it should be in."""
        for length in range(len(path), -1, -1):
            short = path[:length]
            places: tuple[Mapping[Path, Place], ...] = (self.keys, self.values)
            # What lacks something is best known by its name, not by its first field.
            wanted = places if key or length < len(path) else places[::-1]
            for known in wanted:
                if short in known:
                    return known[short]
        return Place(1, 1)

    def found(
        self,
        code: str,
        message: str,
        path: Path,
        *,
        severity: Severity = Severity.ERROR,
        key: bool = False,
    ) -> None:
        """Note a finding at the place of ``path``."""
        self._note(code, message, self.place(path, key=key), path, severity)

    def _note(self, code: str, message: str, place: Place, path: Path, severity: Severity) -> None:
        self.findings.append(
            Finding(
                severity=severity,
                code=code,
                message=message,
                path=".".join(map(str, path)),
                line=place.line,
                column=place.column,
            )
        )

    @property
    def errors(self) -> list[Finding]:
        """Those that stop publishing."""
        return [finding for finding in self.findings if finding.severity is Severity.ERROR]

    def sorted(self) -> list[Finding]:
        """As they stand in the document."""
        return sorted(self.findings, key=lambda f: (f.line, f.column, f.code))

    # -- making -------------------------------------------------------------------------------

    def value(self, node: yaml.Node, path: Path) -> Any:
        """The value of a YAML node; notes places and duplicate keys."""
        self.values[path] = _place(node.start_mark)
        match node:
            case yaml.MappingNode():
                return self._mapping(node, path)
            case yaml.SequenceNode():
                return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]
            case _:
                return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, item in node.value:
            place = _place(key.start_mark)
            if not isinstance(key, yaml.ScalarNode):
                self._note("syntax", "A key must be a word.", place, path, Severity.ERROR)
                continue
            name = _text(key)
            below = (*path, name)
            if name in made:
                first = self.keys[below].line
                message = f"Key {name!r} is here twice; it stands in line {first} already."
                self._note("duplicate-key", message, place, below, Severity.ERROR)
                continue
            self.keys[below] = place
            made[name] = self.value(item, below)
        return made


def read_document(text: str) -> Document:
    """Read a document; never raises: what cannot be read is a finding."""
    document = Document()
    try:
        document.data = document.value(_compose(text), ())
    except _Bad as bad:
        document._note(bad.code, str(bad), bad.place, (), Severity.ERROR)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"This is no YAML: {error.problem or error.context}."
        place = _place(mark) if mark else Place(1, 1)
        document._note("syntax", message, place, (), Severity.ERROR)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        message = f"This is no YAML: {' '.join(str(error).split())[:200]}."
        document._note("syntax", message, Place(1, 1), (), Severity.ERROR)
    return document


def _compose(text: str) -> yaml.Node:
    if len(text) > MOST_CHARACTERS:
        raise _Bad("too-large", f"More than {MOST_CHARACTERS} characters.", Place(1, 1))
    text = text.removeprefix("\ufeff")
    if text.lstrip().startswith("{"):
        text = text.replace("\t", " ")  # JSON may be indented so, YAML may not
    _refuse_tricks(text)
    node = yaml.compose(text, Loader=_LOADER)
    if node is None:
        raise _Bad("syntax", "The document is empty.", Place(1, 1))
    return node


def _refuse_tricks(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        place = _place(event.start_mark)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Bad("syntax", "Anchors and aliases cannot be used here; write it out.", place)
        if (tag := getattr(event, "tag", None)) not in (None, "!"):
            raise _Bad("syntax", f"The tag {tag} cannot be used here.", place)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MOST_DEPTH:
            raise _Bad("syntax", f"Nested more than {_MOST_DEPTH} deep.", place)


def _scalar(node: yaml.Node) -> Any:
    text = _text(node)
    if getattr(node, "style", None):  # quoted; the C parser says "" where the other says None
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _text(node: yaml.Node) -> str:
    """JSON writes signs beyond the first 65,536 as two halves; join them."""
    text = str(node.value)
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise _Bad("syntax", "Half a character stands here.", _place(node.start_mark)) from None


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)
