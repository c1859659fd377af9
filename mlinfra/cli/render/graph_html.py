"""The graph of a stack as one self-contained page."""

from __future__ import annotations

from mlinfra.cli.render.graph import needs, sections
from mlinfra.cli.render.html import code, page_html, text
from mlinfra.cli.render.layout import lay_out
from mlinfra.cli.render.number import number_of
from mlinfra.cli.render.svg import graph_svg
from mlinfra.core.resource import Graph


def graph_html(graph: Graph, name: str) -> str:
    """The drawing, and the same as a list for those who cannot or would not see it."""
    drawn = drawing(graph, {}, {})
    rows = []
    for section, members in sections(graph).items():
        rows.append(f"<h2>{text(section)}</h2>")
        for member in members:
            required = ", ".join(code(address) for address in needs(graph, member)) or "nothing"
            rows.append(
                f'<details class="change" id="c-{text(member.address)}"><summary>{code(member.address)} '
                f'<span class="soft">{code(member.type)}</span><span class="where">{text(member.source or "")}</span>'
                f'</summary><div class="inner">needs {required}</div></details>'
            )
    body = (
        f'<main id="main"><h1>{text(name)}</h1><p class="soft">{number_of(len(graph.resources), "resource")}</p>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="Graph">{drawn}</div>{"".join(rows)}</main>'
    )
    return page_html(f"{name}: graph", body)


def drawing(graph: Graph, actions: dict[str, str], extra: dict[str, str], *, only_changes: bool = False) -> str:
    """The SVG of `graph` and of `extra` nodes (address -> type) that it does not hold any more."""
    required = {str(resource.address): [str(a) for a in needs(graph, resource)] for resource in graph}
    kinds = {str(resource.address): resource.type for resource in graph} | extra
    titles = {
        address: f"{address}, {kind}" + (f", {actions[address]}" if address in actions else "")
        for address, kind in kinds.items()
    }
    return graph_svg(
        lay_out({**{address: [] for address in extra}, **required}), actions, titles, only_changes=only_changes
    )
