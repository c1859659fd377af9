"""`mlinfra cost`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.options import Form, Inputs, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("Looking", 28)
EXAMPLES = (
    "mlinfra cost stack.yaml",
    "mlinfra cost stack.yaml --set gpuMax=4 -o json | jq .monthly.maximum",
    "mlinfra cost stack.yaml --refresh        # read today's prices first",
)
_EXCEEDED = 7


def run(
    context: typer.Context,
    stack: StackFile,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Read the prices of what the stack uses from AWS's price list first.")
    ] = False,
    sets: Sets = None,
    inputs: Inputs = None,
    form: Form = "text",
) -> int:
    """Show what the stack costs a month, at its smallest, as things stand, and at its largest.

    List prices, of the day that is named; what no price is known of is listed and in no figure. Needs no account: how
    it differs from what runs is shown where the state can be read. Exits with 7 where a budget with `onBreach: fail` is
    exceeded, or may be, for want of a price.
    """
    from mlinfra.cli.render.cost import cost_data, cost_page
    from mlinfra.cli.render.diagnostics import diagnostics_page
    from mlinfra.cli.render.document import document

    shell = Shell.of(context)
    with shell.progress("reading the stack") as say:
        if refresh:
            say("reading the price list")
            kept, unread = shell.open(stack, sets, inputs).refresh_prices()
            shell.stderr.write(f"prices are kept in {kept}\n")
            if unread:
                shell.tell(diagnostics_page(unread, shell.look(stream=shell.stderr)))
        found = shell.sessions.estimate_cost(shell.options(stack, sets, inputs))
    cost = found.cost
    if found.diagnostics:
        shell.tell(diagnostics_page(found.diagnostics, shell.look(stream=shell.stderr)))
    if form == "json":
        shell.write(document(cost_data(cost)))
    else:
        shell.show(cost_page(cost, found.stack.name, shell.look()))
    return _EXCEEDED if cost.refused else 0
