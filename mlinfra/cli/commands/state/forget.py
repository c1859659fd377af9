"""`mlinfra state forget`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.options import Inputs, Sets, StackFile, Yes
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 4)
EXAMPLES = (
    "mlinfra state forget stack.yaml registries.models",
    "mlinfra state forget stack.yaml registries.models --yes",
)


def run(
    context: typer.Context,
    stack: StackFile,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Of the object.", show_default=False)],
    yes: Yes = False,
    sets: Sets = None,
    inputs: Inputs = None,
) -> int:
    """Drop the record of an object; the object stays where it is, with its tags."""
    from mlinfra.cli.confirm import confirm

    shell = Shell.of(context)
    session = shell.open(stack, sets, inputs, by_state=True)
    if not yes:
        confirm(shell, f"forget {address}? The object stays, and {session.stack.name} no longer knows it.", "yes")
    session.forget(address)
    shell.write(f"forgotten: {address}")
    return 0
