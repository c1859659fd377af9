"""`mlinfra show`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.options import Form, Inputs, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("Looking", 22)
EXAMPLES = (
    "mlinfra show stack.yaml",
    "mlinfra show stack.yaml --expanded       # every default, and who said so",
    "mlinfra show stack.yaml --expanded -o json | jq '.[] | select(.origin == \"default\")'",
)


def run(
    context: typer.Context,
    stack: StackFile,
    expanded: Annotated[bool, typer.Option("--expanded", help="Every value with its origin.")] = False,
    sets: Sets = None,
    inputs: Inputs = None,
    form: Form = "text",
) -> int:
    """Show a stack: where it is made, what it holds, what is remembered of it."""
    from mlinfra.cli.render.document import document
    from mlinfra.cli.render.stack import expanded_data, expanded_page, stack_data, stack_page

    shell = Shell.of(context)
    session = shell.open(stack, sets, inputs)
    if expanded:
        leaves = session.expanded()
        if form == "json":
            shell.write(document(expanded_data(leaves)))
        else:
            shell.show(expanded_page(leaves))
        return 0
    known = (session.stack, session.state(), session.location(), session.holder())
    if form == "json":
        shell.write(document(stack_data(*known)))
    else:
        shell.show(stack_page(*known))
    return 0
