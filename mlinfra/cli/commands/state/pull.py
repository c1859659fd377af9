"""`mlinfra state pull`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import Inputs, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 6)
EXAMPLES = ("mlinfra state pull stack.yaml > state.json", "mlinfra state pull stack.yaml | jq .serial")


def run(context: typer.Context, stack: StackFile, sets: Sets = None, inputs: Inputs = None) -> int:
    """Print the state as it is stored. Secrets are references there, too."""
    from mlinfra.cli.codes import Code
    from mlinfra.core import codec
    from mlinfra.core.errors import StateError

    shell = Shell.of(context)
    session = shell.open(stack, sets, inputs, by_state=True)
    state = session.state()
    if state is None:
        raise StateError(
            f"there is no state at {session.location()}", code=Code.NO_STATE, hint="nothing was applied yet"
        )
    shell.write(codec.encode(state).decode())
    return 0
