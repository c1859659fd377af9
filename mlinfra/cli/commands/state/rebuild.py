"""`mlinfra state rebuild`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import Inputs, Sets, StackFile, Yes
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 5)
EXAMPLES = (
    "mlinfra state rebuild stack.yaml",
    "mlinfra state rebuild stack.yaml --yes",
)


def run(context: typer.Context, stack: StackFile, yes: Yes = False, sets: Sets = None, inputs: Inputs = None) -> int:
    """Make a lost state anew, from the objects in the cloud that bear the stack's tags.

    Shows what was found and asks before it is written. Two lineages of one name are refused.
    """
    from mlinfra.cli.codes import Code
    from mlinfra.cli.confirm import confirm
    from mlinfra.cli.render.number import number_of
    from mlinfra.cli.render.state import state_page
    from mlinfra.core.errors import StateError

    shell = Shell.of(context)
    session = shell.open(stack, sets, inputs)
    with shell.progress("looking for the stack's objects"):
        found = session.rebuild()
    if len(found.lineages) > 1:
        lineages = ", ".join(found.lineages)
        raise StateError(
            f"objects of {len(found.lineages)} lineages bear the name {session.stack.name}: {lineages}",
            code=Code.TWO_LINEAGES,
            hint="two stacks were called the same; delete or retag the objects of the one that is not this",
        )
    shell.show(state_page(found.state, "found in the cloud"))
    if not found.state.records:
        return 0
    if not yes:
        confirm(shell, f"write this as the state of {session.stack.name} ({session.location()})?", "yes")
    session.accept(found)
    shell.write(f"written: {number_of(len(found.state.records), 'record')}; see what differs: mlinfra plan {stack}")
    return 0
