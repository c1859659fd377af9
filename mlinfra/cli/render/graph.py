"""The graph of a stack as a tree, as data, and as Mermaid."""

from __future__ import annotations

from typing import Any

from mlinfra.cli.render.look import Look
from mlinfra.cli.render.number import number_of
from mlinfra.cli.render.page import Page
from mlinfra.cli.render.value import inert
from mlinfra.core.address import Address
from mlinfra.core.resource import Graph, Resource


def sections(graph: Graph) -> dict[str, list[Resource]]:
    """The resources by section, both in the order of their names."""
    found: dict[str, list[Resource]] = {}
    for resource in sorted(graph, key=lambda resource: resource.address):
        found.setdefault(resource.address.section, []).append(resource)
    return found


def needs(graph: Graph, resource: Resource) -> list[Address]:
    """What a resource needs, as far as the graph holds it."""
    return sorted(address for address in resource.dependencies() if address in graph.resources)


def graph_page(graph: Graph, name: str, look: Look) -> Page:
    """A tree: sections, their resources, and what each needs."""
    resources = list(graph)
    edges = sum(len(needs(graph, resource)) for resource in resources)
    page = Page().line(
        (name, "bold"), f"  {number_of(len(resources), 'resource')}, {number_of(edges, 'dependency', 'dependencies')}"
    )
    for section, members in sections(graph).items():
        page.blank().line((section, "bold"))
        width = min(44, max(len(member.address) for member in members))
        for index, member in enumerate(members):
            branch, below = look.guide(last=index == len(members) - 1)
            kind = member.type if look.width >= 100 else member.type.rpartition(":")[2]
            page.line((branch, "dim"), f"{member.address:<{width}}", (f"  {kind}", "dim"), below=below + "  ")
            if required := needs(graph, member):
                page.line((below + "   ", "dim"), ("needs ", "dim"), ", ".join(required), below=below + "   ")
    return page


def graph_data(graph: Graph, name: str) -> dict[str, Any]:
    """The same for programs, as docs/json.md documents it."""
    return {
        "formatVersion": "1.0",
        "stack": name,
        "resources": [
            {
                "address": str(resource.address),
                "type": resource.type,
                "source": str(resource.source) if resource.source else None,
                "needs": [str(address) for address in needs(graph, resource)],
            }
            for members in sections(graph).values()
            for resource in members
        ],
    }


def graph_mermaid(graph: Graph) -> str:
    """A Mermaid flowchart, as GitHub and GitLab draw it: arrows lead from what is needed to what needs it."""
    names = {resource.address: f"n{number}" for number, resource in enumerate(sorted(graph, key=lambda r: r.address))}
    lines = ["flowchart LR"]
    for number, (section, members) in enumerate(sections(graph).items()):
        lines.append(f'  subgraph s{number}["{_label(section)}"]')
        for member in members:
            label = f"{_label(member.address)}<br/><small>{_label(member.type)}</small>"
            lines.append(f'    {names[member.address]}["{label}"]')
        lines.append("  end")
    for members in sections(graph).values():
        for member in members:
            lines += [f"  {names[address]} --> {names[member.address]}" for address in needs(graph, member)]
    return "\n".join(lines) + "\n"


def _label(text: str) -> str:
    """Text that Mermaid shows and never obeys: every sign but letters, digits and a few is its entity code."""
    return "".join(c if c.isalnum() or c in " .-/:" else f"#{ord(c)};" for c in inert(text))
