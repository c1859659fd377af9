"""`mlinfra state mv`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.options import Inputs, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 3)
EXAMPLES = (
    "mlinfra state mv stack.yaml nodeGroups.gpu nodeGroups.inference",
    "mlinfra plan stack.yaml                  # shows what the rename comes to",
)


def run(
    context: typer.Context,
    stack: StackFile,
    origin: Annotated[str, typer.Argument(metavar="FROM", help="The address now.", show_default=False)],
    target: Annotated[str, typer.Argument(metavar="TO", help="The address from now on.", show_default=False)],
    sets: Sets = None,
    inputs: Inputs = None,
) -> int:
    """Rename what is remembered at or below an address.

    `moved` in the stack file does the same for everyone who applies it, and is what a review sees.
    """
    shell = Shell.of(context)
    shell.open(stack, sets, inputs, by_state=True).move(origin, target)
    shell.write(f"moved: {origin} is {target} now")
    return 0
