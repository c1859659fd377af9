"""`mlinfra capacity`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import Form, Inputs, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("Looking", 29)
EXAMPLES = (
    "mlinfra capacity stack.yaml",
    "mlinfra capacity stack.yaml -o json | jq '.rooms[] | select(.verdict != \"fits\")'",
)


def run(context: typer.Context, stack: StackFile, sets: Sets = None, inputs: Inputs = None, form: Form = "text") -> int:
    """Show whether the account and its region have room for the stack: quotas, zones, addresses, reservations.

    Asks, and changes nothing. Exits with 1 where something could not be made.
    """
    from mlinfra.cli.render.capacity import capacity_data, capacity_page
    from mlinfra.cli.render.document import document
    from mlinfra.core.capacity import Verdict

    shell = Shell.of(context)
    with shell.progress("asking the account"):
        session = shell.open(stack, sets, inputs)
        capacity = session.capacity()
    if form == "json":
        shell.write(document(capacity_data(capacity)))
    else:
        shell.show(capacity_page(capacity, session.stack.name, shell.look()))
    return 1 if capacity.verdict is Verdict.SHORT else 0
