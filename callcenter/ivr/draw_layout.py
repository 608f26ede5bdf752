"""Where boxes and lines of a drawn flow go: layers from the start downwards. Pure.

The usual steps (Sugiyama): turn round the branches that lead back, layer by longest way, put a
point where a branch passes a layer, order each layer by its neighbours, then set the columns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

ROW_GAP = 72.0
COLUMN_GAP = 28.0
_POINT = 14.0  # width kept free where a branch passes a layer
_SWEEPS = 12
_CURVE = 12  # straight pieces of one bend
_LABELS = (6, 5, 7, 4, 8, 3, 9, 10, 2)  # which of them may carry the label, best first
_LETTER = 7.5
Point = tuple[float, float]


@dataclass(frozen=True)
class Size:
    """Of a box."""

    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Line:
    """One branch: points from box to box, and where its label goes."""

    source: str
    target: str
    label: str
    points: list[Point]
    label_at: Point


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Centres of boxes, lines, and the size of it all."""

    centres: dict[str, Point]
    lines: list[Line]
    width: float
    height: float


@dataclass
class _Chain:
    """A branch and the points it passes, in the direction of the layers."""

    source: str
    target: str
    label: str
    back: bool
    stops: list[str]


def lay_out(boxes: Mapping[str, Size], edges: Sequence[tuple[str, str, str]], start: str) -> Layout:
    """``edges`` are source, target and label; boxes that are not reached stand below."""
    backward = _backward(list(boxes), [(s, t) for s, t, _ in edges], start)
    ahead = [(t, s) if (s, t) in backward else (s, t) for s, t, _ in edges if s != t]
    layer = _layers(list(boxes), ahead)
    sizes = dict(boxes)
    chains: list[_Chain] = []
    for number, (source, target, label) in enumerate(edges):
        back = (source, target) in backward
        first, last = (target, source) if back else (source, target)
        stops = [first]
        for between in range(layer[first] + 1, layer[last]):
            point = f"\0{number}.{between}"
            layer[point], sizes[point] = between, Size(_POINT, 0)
            stops.append(point)
        chains.append(_Chain(source, target, label, back, [*stops, last]))
    rows = _rows(layer)
    links = [(a, b) for c in chains for a, b in pairwise(c.stops) if a != b]
    _order(rows, links)
    centres, width, height = _place(rows, sizes, links)
    ports = _ports(chains, centres, sizes)
    lines = _labelled([_line(c, centres, sizes, ports.get(i)) for i, c in enumerate(chains)])
    right = max([width, *(x + 40 for line in lines for x, _ in line.points)])
    return Layout(
        centres={name: centres[name] for name in boxes}, lines=lines, width=right, height=height
    )


def _backward(
    nodes: Sequence[str], edges: Sequence[tuple[str, str]], start: str
) -> set[tuple[str, str]]:
    """Edges that close a circle on a walk from the start."""
    out: dict[str, list[str]] = {}
    for source, target in edges:
        out.setdefault(source, []).append(target)
    found: set[tuple[str, str]] = set()
    done: set[str] = set()
    for first in (start, *nodes):
        if first in done:
            continue
        on_way = [first]
        path = [iter(out.get(first, ()))]
        while path:
            target = next(path[-1], "")
            if not target:
                done.add(on_way.pop())
                path.pop()
            elif target in on_way:
                if target != on_way[-1]:
                    found.add((on_way[-1], target))
            elif target not in done:
                on_way.append(target)
                path.append(iter(out.get(target, ())))
    return found


def _layers(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Longest way from above, edges leading down only."""
    into = dict.fromkeys(nodes, 0)
    out: dict[str, list[str]] = {name: [] for name in nodes}
    for source, target in edges:
        into[target] += 1
        out[source].append(target)
    layer = dict.fromkeys(nodes, 0)
    open_ = [name for name in nodes if not into[name]]
    while open_:
        name = open_.pop()
        for target in out[name]:
            layer[target] = max(layer[target], layer[name] + 1)
            into[target] -= 1
            if not into[target]:
                open_.append(target)
    return layer


def _rows(layer: Mapping[str, int]) -> list[list[str]]:
    rows: list[list[str]] = [[] for _ in range(max(layer.values()) + 1)]
    for name, number in layer.items():
        rows[number].append(name)
    return rows


def _order(rows: list[list[str]], links: Sequence[tuple[str, str]]) -> None:
    """Put each layer's boxes near the middle of what they are joined to, up and down in turn."""
    above, below = _neighbours(links)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        near = above if down else below
        for row in rows if down else rows[::-1]:
            rank = {n: i for other in rows for i, n in enumerate(other)}
            now = {name: float(i) for i, name in enumerate(row)}
            row.sort(key=lambda n: _mean([rank[m] for m in near.get(n, ())], now[n]))


def _place(
    rows: Sequence[Sequence[str]], sizes: Mapping[str, Size], links: Sequence[tuple[str, str]]
) -> tuple[dict[str, Point], float, float]:
    above, below = _neighbours(links)
    x: dict[str, float] = {}
    for row in rows:
        left = 0.0
        for name in row:
            x[name] = left + sizes[name].width / 2
            left += sizes[name].width + COLUMN_GAP
    for sweep in range(_SWEEPS):
        near = above if sweep % 2 == 0 else below
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            wanted = [_mean([x[m] for m in near.get(name, ())], x[name]) for name in row]
            for name, place in zip(row, _apart(row, wanted, sizes), strict=True):
                x[name] = place
    margin = COLUMN_GAP - min(x[name] - sizes[name].width / 2 for name in x)
    centres, top = {}, ROW_GAP / 2
    for row in rows:
        tall = max(sizes[name].height for name in row)
        for name in row:
            centres[name] = (x[name] + margin, top + tall / 2)
        top += tall + ROW_GAP
    width = max(centres[name][0] + sizes[name].width / 2 for name in centres) + COLUMN_GAP
    return centres, width, top - ROW_GAP / 2


def _apart(row: Sequence[str], wanted: Sequence[float], sizes: Mapping[str, Size]) -> list[float]:
    """As near to ``wanted`` as the widths allow: the mean of pushing right and pushing left."""
    gaps = [(sizes[a].width + sizes[b].width) / 2 + COLUMN_GAP for a, b in pairwise(row)]
    right = list(wanted)
    for i, gap in enumerate(gaps):
        right[i + 1] = max(right[i + 1], right[i] + gap)
    left = list(wanted)
    for i in range(len(gaps) - 1, -1, -1):
        left[i] = min(left[i], left[i + 1] - gaps[i])
    return [(a + b) / 2 for a, b in zip(left, right, strict=True)]


def _neighbours(
    links: Sequence[tuple[str, str]],
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for upper, lower in links:
        above.setdefault(lower, []).append(upper)
        below.setdefault(upper, []).append(lower)
    return above, below


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _ports(
    chains: Sequence[_Chain], centres: Mapping[str, Point], sizes: Mapping[str, Size]
) -> dict[int, tuple[float, float]]:
    """Where a line leaves the upper box and meets the lower one: side by side, none crossing."""
    lower: dict[str, list[tuple[float, int]]] = {}
    upper: dict[str, list[tuple[float, int]]] = {}
    for number, chain in enumerate(chains):
        if chain.stops[0] != chain.stops[-1]:
            lower.setdefault(chain.stops[0], []).append((centres[chain.stops[1]][0], number))
            upper.setdefault(chain.stops[-1], []).append((centres[chain.stops[-2]][0], number))
    found: tuple[dict[int, float], dict[int, float]] = ({}, {})
    for side, at in zip((lower, upper), found, strict=True):
        for box, ends in side.items():
            step = min(16.0, sizes[box].width * 0.8 / len(ends))
            for position, (_, number) in enumerate(sorted(ends)):
                at[number] = centres[box][0] + (position - (len(ends) - 1) / 2) * step
    return {number: (found[0][number], found[1][number]) for number in found[0]}


def _line(
    chain: _Chain,
    centres: Mapping[str, Point],
    sizes: Mapping[str, Size],
    ports: tuple[float, float] | None,
) -> Line:
    first, last = chain.stops[0], chain.stops[-1]
    if ports is None:
        return _loop(chain, centres[first], sizes[first])
    knots = [centres[stop] for stop in chain.stops]
    knots[0] = (ports[0], knots[0][1] + sizes[first].height / 2)
    knots[-1] = (ports[1], knots[-1][1] - sizes[last].height / 2)
    points = _curve(knots)
    if chain.back:
        points = points[::-1]
    return Line(
        source=chain.source,
        target=chain.target,
        label=chain.label,
        points=points,
        label_at=points[_LABELS[0]],
    )


def _labelled(lines: Sequence[Line]) -> list[Line]:
    """Each label near the box it comes from, where no other one stands, if there is room."""
    taken: list[tuple[float, float, float]] = []
    made = []
    for line in lines:
        half = (len(line.label) * _LETTER + _LETTER) / 2
        free = (
            line.points[i]
            for i in _LABELS
            if line.label
            and i < len(line.points)
            and not any(
                abs(x - line.points[i][0]) < half + other
                and abs(y - line.points[i][1]) < _LETTER * 2
                for x, y, other in taken
            )
        )
        at = next(free, line.label_at)
        if line.label:
            taken.append((*at, half))
        made.append(replace(line, label_at=at))
    return made


def _loop(chain: _Chain, centre: Point, size: Size) -> Line:
    x, y = centre[0] + size.width / 2, centre[1]
    points = [(x, y - 8), (x + 18, y - 8), (x + 18, y + 8), (x, y + 8)]
    return Line(
        source=chain.source,
        target=chain.target,
        label=chain.label,
        points=points,
        label_at=(x + 18, y - 16),
    )


def _curve(knots: Sequence[Point]) -> list[Point]:
    """Bends that leave and arrive upright."""
    points = [knots[0]]
    for (x0, y0), (x1, y1) in pairwise(knots):
        for step in range(1, _CURVE + 1):
            t = step / _CURVE
            smooth = t * t * (3 - 2 * t)
            points.append((x0 + (x1 - x0) * smooth, y0 + (y1 - y0) * t))
    return points
