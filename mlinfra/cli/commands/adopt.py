"""`mlinfra adopt`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.options import Form, Full, Inputs, Sets, StackFile, Yes
from mlinfra.cli.shell import Shell

PLACE = ("The job", 18)
EXAMPLES = (
    "mlinfra adopt stack.yaml registries.models models",
    "mlinfra adopt stack.yaml network.vpc vpc-0abc123 --yes",
)


def run(
    context: typer.Context,
    stack: StackFile,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Where the stack declares it.")],
    id: Annotated[str, typer.Argument(metavar="ID", help="What the cloud calls it.")],
    yes: Yes = False,
    full: Full = False,
    sets: Sets = None,
    inputs: Inputs = None,
    form: Form = "text",
) -> int:
    """Take over an object that exists already.

    It gets the stack's ownership tags and a record; from then on it is the stack's, to change and to delete.
    """
    from mlinfra.cli.plans import carry_out

    shell = Shell.of(context)
    with shell.progress("looking at the object"):
        session = shell.open(stack, sets, inputs)
        plan = session.adopt(address, id)
    return carry_out(shell, session, plan, form, yes=yes, full=full, verb="adopt")
