"""The graph of a stack as SVG: one box for each section, one line for each dependency.

Drawn for the HTML pages, whose style sheet colours it and whose script lights up what a node is joined to.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlinfra.cli.render.html import text
from mlinfra.cli.render.layout import ROW, TITLE, Box, Layout, Node

_MARGIN = 12
_ARCS = 56  # left of the first column, for the lines that lead around it


def graph_svg(
    layout: Layout, actions: Mapping[str, str], titles: Mapping[str, str], *, only_changes: bool = False
) -> str:
    """The drawing. `actions` colours nodes by address, `titles` says what they are.

    Nodes link to `#c-ADDRESS`; with `only_changes`, those that have an action. All can be reached by keyboard.
    """
    width, height = layout.width + _ARCS + _MARGIN, layout.height + 2 * _MARGIN
    places = {node.address: node for box in layout.boxes for node in box.nodes}
    boxes = {box.section: box for box in layout.boxes}
    lines = [_coarse_edge(boxes[a], boxes[b]) for a, b in layout.edges] if layout.coarse else []
    lines += [] if layout.coarse else [_edge(places[a], places[b]) for a, b in layout.edges]
    content = [*(_box(box) for box in layout.boxes), f'<g class="edges">{"".join(lines)}</g>']
    for node in places.values():
        action = actions.get(node.address, "")
        content.append(_node(node, action, titles, linked=bool(action) or not only_changes))
    return (
        f'<svg class="graph" role="group" aria-label="Graph: lines lead from what is needed to what needs it" '
        f'viewBox="{-_ARCS} {-_MARGIN} {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}">'
        f"{''.join(content)}</svg>"
    )


def _box(box: Box) -> str:
    return (
        f'<rect class="box" x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{box.height:.0f}" rx="8"/>'
        f'<text class="section" x="{box.x + 12:.0f}" y="{box.y + TITLE - 9:.0f}">{text(box.section)}</text>'
    )


def _node(node: Node, action: str, titles: Mapping[str, str], *, linked: bool) -> str:
    address, label = text(node.address), text(node.label)
    title = text(titles.get(node.address, node.address))
    tag, where = ("a", f'href="#c-{address}"') if linked else ("g", 'role="img" tabindex="0"')
    return (
        f'<{tag} class="node {text(action)}" {where} data-node="{address}" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<rect x="{node.x:.0f}" y="{node.y:.0f}" width="{node.width:.0f}" height="{ROW - 4}" rx="4"/>'
        f'<text class="mark" x="{node.x + 7:.0f}" y="{node.y + ROW - 9:.0f}">{_MARKS.get(action, "")}</text>'
        f'<text x="{node.x + 24:.0f}" y="{node.y + ROW - 9:.0f}">{label}</text></{tag}>'
    )


_MARKS = {
    "create": "+",
    "update": "~",
    "replace": "±",
    "delete": "−",  # noqa: RUF001 - the minus sign, as wide as the plus
    "move": "&gt;",
    "adopt": "&lt;",
    "forget": "x",
}


def _edge(origin: Node, target: Node) -> str:
    ends = f'data-from="{text(origin.address)}" data-to="{text(target.address)}"'
    middle = (ROW - 4) / 2
    y1, y2 = origin.y + middle, target.y + middle
    if target.x > origin.x + origin.width:
        return _curve(origin.x + origin.width, y1, target.x, y2, ends)
    # Within a section, or back to an earlier one: around the left side.
    out = min(origin.x, target.x) - min(60.0, 14 + abs(y2 - y1) / 8)
    path = f"M{origin.x:.0f} {y1:.0f}C{out:.0f} {y1:.0f} {out:.0f} {y2:.0f} {target.x:.0f} {y2:.0f}"
    return f'<path d="{path}" {ends}/>'


def _coarse_edge(origin: Box, target: Box) -> str:
    ends = f'data-from="{text(origin.section)}" data-to="{text(target.section)}"'
    return _curve(origin.x + origin.width, origin.y + TITLE / 2, target.x, target.y + TITLE / 2, ends)


def _curve(x1: float, y1: float, x2: float, y2: float, ends: str) -> str:
    bend = max(30.0, (x2 - x1) / 2)
    path = f"M{x1:.0f} {y1:.0f}C{x1 + bend:.0f} {y1:.0f} {x2 - bend:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"
    return f'<path d="{path}" {ends}/>'
