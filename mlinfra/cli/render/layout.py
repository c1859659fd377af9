"""Where the nodes of a graph stand on a page: sections in columns, what is needed left of what needs it.

Pure geometry, in pixels; `svg` draws it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

ROW, TITLE, PAD, GAP_X, GAP_Y, LETTER = 22, 26, 10, 90, 18, 6.9
_ROWS = 24  # nodes below one another; a section with more gets further columns within its box
DRAWN_EDGES = 600  # more than these would be a black square: then sections are joined, not nodes


class Node(msgspec.Struct, frozen=True):
    """One resource: its address, the text shown, and its place."""

    address: str
    label: str
    x: float
    y: float
    width: float


class Box(msgspec.Struct, frozen=True):
    """One section and its nodes."""

    section: str
    x: float
    y: float
    width: float
    height: float
    nodes: tuple[Node, ...]


class Layout(msgspec.Struct, frozen=True):
    """The drawing: boxes, and edges between nodes, or between sections where nodes have too many."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    edges: tuple[tuple[str, str], ...]
    coarse: bool = False


def lay_out(needs: Mapping[str, Iterable[str]]) -> Layout:
    """The layout of a graph given as address -> the addresses that it needs."""
    sections: dict[str, list[str]] = {}
    for address in sorted(needs):
        sections.setdefault(address.partition(".")[0], []).append(address)
    edges = [(origin, address) for address in sorted(needs) for origin in sorted(needs[address]) if origin in needs]
    columns = _columns(sections, edges)
    boxes: list[Box] = []
    x = height = 0.0
    for column in columns:
        y = widest = 0.0
        for section in column:
            box = _box(section, sections[section], x, y)
            boxes.append(box)
            y += box.height + GAP_Y
            widest = max(widest, box.width)
        height = max(height, y - GAP_Y)
        x += widest + GAP_X
    coarse = len(edges) > DRAWN_EDGES
    drawn = sorted(_between_sections(edges)) if coarse else edges
    return Layout(max(0.0, x - GAP_X), height, tuple(boxes), tuple(drawn), coarse)


def _columns(sections: Mapping[str, list[str]], edges: list[tuple[str, str]]) -> list[list[str]]:
    """Sections by the longest way to them; where two need each other, the one more needed comes first."""
    below: dict[str, set[str]] = {section: set() for section in sections}
    joined = _between_sections(edges)
    for (origin, target), number in joined.items():
        if number >= joined[(target, origin)]:
            below[target].add(origin)
    ranks: dict[str, int] = {}
    path: set[str] = set()

    def rank(section: str) -> int:
        if section in ranks:
            return ranks[section]
        path.add(section)
        found = max((rank(need) + 1 for need in sorted(below[section]) if need not in path), default=0)
        path.discard(section)
        ranks[section] = found
        return found

    columns: list[list[str]] = [[] for _ in range(max(map(rank, sorted(sections)), default=-1) + 1)]
    for section in sorted(sections):
        columns[ranks[section]].append(section)
    return [column for column in columns if column]


def _between_sections(edges: Iterable[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """How many edges lead from one section to another."""
    pairs = ((origin.partition(".")[0], target.partition(".")[0]) for origin, target in edges)
    return Counter((origin, target) for origin, target in pairs if origin != target)


def _box(section: str, addresses: list[str], x: float, y: float) -> Box:
    labels = {address: address.removeprefix(section + ".") for address in addresses}
    width = max(max(map(len, labels.values())) * LETTER + 34, 90.0)
    nodes = []
    for index, address in enumerate(addresses):
        column, row = divmod(index, _ROWS)
        left = x + PAD + column * (width + PAD)
        nodes.append(Node(address, labels[address], left, y + TITLE + row * ROW, width))
    columns = (len(addresses) - 1) // _ROWS + 1
    total = max(columns * (width + PAD) + PAD, len(section) * LETTER * 1.2 + 2 * PAD)
    return Box(section, x, y, total, TITLE + min(len(addresses), _ROWS) * ROW + PAD, tuple(nodes))
