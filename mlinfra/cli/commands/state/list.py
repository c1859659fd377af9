"""`mlinfra state list`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import Form, Inputs, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 1)
EXAMPLES = ("mlinfra state list stack.yaml", "mlinfra state list stack.yaml -o json | jq -r '.records[].id'")


def run(context: typer.Context, stack: StackFile, sets: Sets = None, inputs: Inputs = None, form: Form = "text") -> int:
    """List every object that the stack made or adopted."""
    from mlinfra.cli.render.document import document
    from mlinfra.cli.render.state import state_data, state_page

    shell = Shell.of(context)
    session = shell.open(stack, sets, inputs, by_state=True)
    if form == "json":
        shell.write(document(state_data(session.state(), session.location())))
    else:
        shell.show(state_page(session.state(), session.location()))
    return 0
