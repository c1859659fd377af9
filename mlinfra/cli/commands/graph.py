"""`mlinfra graph`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import GraphForm, Inputs, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("Looking", 26)
EXAMPLES = (
    "mlinfra graph stack.yaml",
    "mlinfra graph stack.yaml -o mermaid >> README.md",
    "mlinfra graph stack.yaml -o html > graph.html",
)


def run(
    context: typer.Context, stack: StackFile, sets: Sets = None, inputs: Inputs = None, form: GraphForm = "text"
) -> int:
    """Show what the stack is made of, and what needs what."""
    from mlinfra.cli.render import graph as render
    from mlinfra.cli.render.document import document

    shell = Shell.of(context)
    session = shell.open(stack, sets, inputs)
    graph, name = session.graph(), session.stack.name
    match form:
        case "json":
            shell.write(document(render.graph_data(graph, name)))
        case "mermaid":
            shell.write(render.graph_mermaid(graph))
        case "html":
            from mlinfra.cli.render.graph_html import graph_html

            shell.write(graph_html(graph, name))
        case _:
            shell.show(render.graph_page(graph, name, shell.look()))
    return 0
