"""A flow as a picture: SVG, PNG (Pillow), and a tree for the terminal (rich).

The layout is ours (:mod:`draw_layout`), so that a picture needs no program that a machine may
lack; see ``docs/decisions/0010-flow-documents.md``.
"""

import io
import math
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from callcenter.ivr import nodes as n
from callcenter.ivr.draw_layout import Layout, Line, Size, lay_out
from callcenter.ivr.model import Flow

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont, ImageFont
    from rich.tree import Tree

_CHARACTER, _ROW, _PADDING = 7.4, 17.0, 9.0
_FONT = 13
_SCALE = 2  # a PNG has twice as many points, so that it can be read when it is made larger
_MOST_PIXELS = 60_000_000
_ARROW = 7.0
_COLOURS = {
    "ask": "#dbeafe",
    "say": "#f1f5f9",
    "people": "#dcfce7",
    "think": "#fef9c3",
    "end": "#fee2e2",
}
_GROUPS = {
    "menu": "ask",
    "digits": "ask",
    "survey": "ask",
    "member": "ask",
    "play": "say",
    "say": "say",
    "voicemail": "say",
    "queue": "people",
    "seat": "people",
    "extension": "people",
    "outside": "people",
    "lines": "people",
    "last-agent": "people",
    "hangup": "end",
    "jump": "end",
}
_TELLING = (  # the field that says most of a node, in the order in which they are looked for
    *("queue", "seat", "extension", "lines", "box", "language", "priority", "url", "number"),
    "prompts",
)
_CJK = (  # a font for PNGs that has Chinese and Japanese signs, where the machine has one
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
)


def words(node: n.Node) -> str:
    """What a node does, short."""
    about = _about(node).strip()
    return f"{node.kind}: {about if len(about) <= 30 else about[:29] + '…'}" if about else node.kind


def _about(node: n.Node) -> str:  # noqa: PLR0911 - one row per kind
    match node:
        case n.JumpNode():
            return f"{node.flow} {node.node}"
        case n.DigitsNode():
            return f"into {node.into}"
        case n.SayNode():
            return f"{node.what} {node.value}"
        case n.BranchNode():
            return f"on {node.variable or node.calendar or node.on}"
        case n.SkillNode():
            return ", ".join(f"{name} {level}" for name, level in node.skills.items())
    for field in _TELLING:
        if found := getattr(node, field, ""):
            return ", ".join(found) if isinstance(found, list) else str(found)
    return ""


def branches(flow: Flow) -> list[tuple[str, str, str]]:
    """Source, target and label; branches between the same two are one."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, node in flow.nodes.items():
        for leaving in node.exits():
            found.setdefault((name, leaving.target), []).append(leaving.label)
    return [
        (source, target, "" if labels == ["next"] else ", ".join(labels))
        for (source, target), labels in found.items()
    ]


def svg(flow: Flow) -> str:
    """A picture for browsers and printers."""
    laid, sizes = _laid_out(flow)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{laid.width:.0f}"'
        f' height="{laid.height:.0f}" viewBox="0 0 {laid.width:.0f} {laid.height:.0f}"'
        f' font-family="DejaVu Sans, Noto Sans CJK SC, sans-serif" font-size="{_FONT}">'
    )
    title = f"<title>{escape(flow.name)} version {flow.version}</title>"
    parts = [head, title, '<rect width="100%" height="100%" fill="#ffffff"/>']
    parts += [_svg_line(line) for line in laid.lines]
    parts += [_svg_label(line) for line in laid.lines if line.label]
    for name, node in flow.nodes.items():
        parts.append(_svg_box(name, node, laid.centres[name], sizes[name], name == flow.start))
    return "\n".join([*parts, "</svg>", ""])


def png(flow: Flow) -> bytes:
    """A picture for mail and chat.

    Raises:
        ValueError: it would be too large; an SVG has no such limit.
    """
    from PIL import Image, ImageDraw

    laid, sizes = _laid_out(flow)
    width, height = math.ceil(laid.width * _SCALE), math.ceil(laid.height * _SCALE)
    if width * height > _MOST_PIXELS:
        raise ValueError(f"{width} by {height} points")
    image = Image.new("RGB", (width, height), "#ffffff")
    pen, font = ImageDraw.Draw(image), _font()
    for line in laid.lines:
        pen.line([(x * _SCALE, y * _SCALE) for x, y in line.points], fill="#64748b", width=2)
        pen.polygon([(x * _SCALE, y * _SCALE) for x, y in _arrow(line)], fill="#64748b")
    for line in laid.lines:
        if line.label:
            at = (line.label_at[0] * _SCALE, line.label_at[1] * _SCALE)
            box = pen.textbbox(at, line.label, font=font, anchor="mm")
            pen.rectangle((box[0] - 4, box[1] - 2, box[2] + 4, box[3] + 2), fill="#ffffff")
            pen.text(at, line.label, fill="#334155", font=font, anchor="mm")
    for name, node in flow.nodes.items():
        x, y, half = *laid.centres[name], sizes[name]
        corners = [
            (x - half.width / 2) * _SCALE,
            (y - half.height / 2) * _SCALE,
            (x + half.width / 2) * _SCALE,
            (y + half.height / 2) * _SCALE,
        ]
        wide = 6 if name == flow.start else 2
        pen.rounded_rectangle(corners, 12, fill=_colour(node), outline="#334155", width=wide)
        for row, text in _rows(name, node, y):
            fill = "#0f172a" if text == name else "#475569"
            pen.text((x * _SCALE, row * _SCALE), text, fill=fill, font=font, anchor="mm")
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def tree(flow: Flow) -> "Tree":
    """A tree for the terminal; a node that was shown before is only named."""
    from rich.text import Text
    from rich.tree import Tree

    root = Tree(Text(f"{flow.name} version {flow.version}", style="bold"))
    shown: set[str] = set()
    open_: list[tuple[Tree, str, str]] = [(root, "", flow.start)]
    while open_:
        above, label, name = open_.pop()
        text = Text(f"{label} → " if label else "", style="cyan")
        text.append(name, style="bold" if name not in shown else "dim")
        if name in shown:
            above.add(text.append(" (above)", style="dim"))
            continue
        shown.add(name)
        below = above.add(text.append(f"  {words(flow.nodes[name])}", style="default"))
        leaving = [(s, to) for s, to in _leaving(flow, name)]
        open_ += [(below, said, to) for said, to in reversed(leaving)]
    lost = [name for name in flow.nodes if name not in shown]
    if lost:
        root.add(Text(f"never reached: {', '.join(lost)}", style="red"))
    return root


def _leaving(flow: Flow, name: str) -> Iterator[tuple[str, str]]:
    labels: dict[str, list[str]] = {}
    for leaving in flow.nodes[name].exits():
        labels.setdefault(leaving.target, []).append(leaving.label)
    for target, said in labels.items():
        yield ", ".join(said), target


def _laid_out(flow: Flow) -> tuple[Layout, dict[str, Size]]:
    sizes = {name: _size(name, node) for name, node in flow.nodes.items()}
    return lay_out(sizes, branches(flow), flow.start), sizes


def _size(name: str, node: n.Node) -> Size:
    widest = max(_wide(name), _wide(words(node)))
    return Size(widest * _CHARACTER + 2 * _PADDING, 2 * _ROW + 2 * _PADDING)


def _wide(text: str) -> int:
    """Chinese and Japanese signs take two places."""
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in text)


def _colour(node: n.Node) -> str:
    return _COLOURS[_GROUPS.get(node.kind, "think")]


def _rows(name: str, node: n.Node, y: float) -> list[tuple[float, str]]:
    return [(y - _ROW / 2, name), (y + _ROW / 2, words(node))]


def _arrow(line: Line) -> list[tuple[float, float]]:
    (x0, y0), (x1, y1) = line.points[-2], line.points[-1]
    angle = math.atan2(y1 - y0, x1 - x0)
    return [(x1, y1)] + [
        (x1 - _ARROW * math.cos(angle + turn), y1 - _ARROW * math.sin(angle + turn))
        for turn in (0.45, -0.45)
    ]


def _svg_line(line: Line) -> str:
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in line.points)
    head = " ".join(f"{x:.1f},{y:.1f}" for x, y in _arrow(line))
    return (
        f'<polyline points="{way}" fill="none" stroke="#64748b"/>'
        f'<polygon points="{head}" fill="#64748b"/>'
    )


def _svg_label(line: Line) -> str:
    x, y = line.label_at
    return (
        f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" fill="#334155" stroke="#ffffff"'
        f' stroke-width="4" paint-order="stroke">{escape(line.label)}</text>'
    )


def _svg_box(name: str, node: n.Node, at: tuple[float, float], size: Size, first: bool) -> str:
    x, y = at
    box = (
        f'<rect x="{x - size.width / 2:.1f}" y="{y - size.height / 2:.1f}"'
        f' width="{size.width:.1f}" height="{size.height:.1f}" rx="6" fill="{_colour(node)}"'
        f' stroke="#334155" stroke-width="{3 if first else 1}"/>'
    )
    for row, text in _rows(name, node, y):
        style = ' font-weight="bold" fill="#0f172a"' if text == name else ' fill="#475569"'
        box += f'<text x="{x:.1f}" y="{row + 4:.1f}" text-anchor="middle"{style}>'
        box += f"{escape(text)}</text>"
    return f"<g>{box}</g>"


def _font() -> "FreeTypeFont | ImageFont":
    from PIL import ImageFont

    for file in _CJK:
        if Path(file).exists():
            return ImageFont.truetype(file, _FONT * _SCALE)
    return ImageFont.load_default(_FONT * _SCALE)
