"""`mlinfra state unlock`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.options import Inputs, Sets, StackFile, Yes
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 7)
EXAMPLES = (
    "mlinfra state unlock stack.yaml          # who holds the lock, and its token",
    "mlinfra state unlock stack.yaml 42",
)


def run(
    context: typer.Context,
    stack: StackFile,
    token: Annotated[
        int | None, typer.Argument(metavar="[TOKEN]", help="Of the lock to break.", show_default=False)
    ] = None,
    yes: Yes = False,
    sets: Sets = None,
    inputs: Inputs = None,
) -> int:
    """Break a lock whose holder is dead.

    A dead holder is replaced by itself after its term; this is for those who cannot wait. Another lock than the one
    with this token stays.
    """
    from mlinfra.cli.confirm import confirm
    from mlinfra.cli.render.state import holder_page

    shell = Shell.of(context)
    session = shell.open(stack, sets, inputs, by_state=True)
    holder = session.holder()
    if holder is None:
        shell.write(f"{session.stack.name} is not locked")
        return 0
    shell.show(holder_page(holder))
    if token is None:
        shell.write(f"break it, if that run is dead for certain: mlinfra state unlock {stack} {holder.token}")
        return 0
    if not yes:
        confirm(shell, "break this lock? A run that is still alive will lose its right to write.", "yes")
    session.unlock(token)
    shell.write("unlocked")
    return 0
