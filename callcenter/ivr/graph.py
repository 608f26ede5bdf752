"""A flow as a graph: what is reached, what ends, what goes round. Pure."""

from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def reached(
    edges: Mapping[K, Iterable[K]], starts: Iterable[K], without: Set[K] = frozenset()
) -> set[K]:
    """Everything that can be reached ``without`` those, the starts among it."""
    found, open_ = set(starts), list(starts)
    while open_:
        for target in edges.get(open_.pop(), ()):
            if target not in found and target not in without:
                found.add(target)
                open_.append(target)
    return found


def turned(edges: Mapping[K, Iterable[K]]) -> dict[K, list[K]]:
    """The same edges, walked backwards."""
    back: dict[K, list[K]] = {}
    for source, targets in edges.items():
        for target in targets:
            back.setdefault(target, []).append(source)
    return back


def circles(edges: Mapping[K, Sequence[K]]) -> list[list[K]]:
    """One circle out of every knot (strongly connected part) of the graph."""
    return [_circle(knot, edges) for knot in _knots(edges)]


def _knots(edges: Mapping[K, Sequence[K]]) -> list[set[K]]:
    """Kosaraju's two walks, without recursion: a chain of 2,000 nodes is a legal flow."""
    order: list[K] = []
    seen: set[K] = set()
    for start in edges:
        if start in seen:
            continue
        seen.add(start)
        path = [(start, iter(edges.get(start, ())))]
        while path:
            node, targets = path[-1]
            following = next((t for t in targets if t not in seen), None)
            if following is None:
                order.append(node)
                path.pop()
            else:
                seen.add(following)
                path.append((following, iter(edges.get(following, ()))))
    back, taken, knots = turned(edges), set[K](), list[set[K]]()
    for node in reversed(order):
        if node in taken:
            continue
        knot = reached(back, [node], taken)
        taken |= knot
        if len(knot) > 1 or node in edges.get(node, ()):
            knots.append(knot)
    return knots


def _circle(knot: set[K], edges: Mapping[K, Sequence[K]]) -> list[K]:
    """A way round within a knot, from the knot's first node in the order of ``edges``."""
    start = next(node for node in edges if node in knot)
    came: dict[K, K] = {}
    open_ = [start]
    while open_:
        node = open_.pop(0)
        for target in edges.get(node, ()):
            if target == start:
                way = [node]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return way[::-1]
            if target in knot and target not in came:
                came[target] = node
                open_.append(target)
    return [start]
