"""`mlinfra state show`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.options import Form, Inputs, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 2)
EXAMPLES = (
    "mlinfra state show stack.yaml network.vpc",
    "mlinfra state show stack.yaml network.vpc -o json | jq .outputs",
)


def run(
    context: typer.Context,
    stack: StackFile,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Of the object.", show_default=False)],
    sets: Sets = None,
    inputs: Inputs = None,
    form: Form = "text",
) -> int:
    """Show what is remembered of one object: its id, what was asked for, what came out."""
    from mlinfra.cli.render.document import document
    from mlinfra.cli.render.state import record_data, record_page
    from mlinfra.cli.unknown import unknown

    shell = Shell.of(context)
    state = shell.open(stack, sets, inputs, by_state=True).state()
    records = {str(record.address): record for record in state.records.values()} if state else {}
    if address not in records:
        raise unknown("record", address, records)
    if form == "json":
        shell.write(document(record_data(records[address])))
    else:
        shell.show(record_page(records[address]))
    return 0
