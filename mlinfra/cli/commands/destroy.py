"""`mlinfra destroy`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.options import Form, Full, Inputs, RemoveForeign, Sets, StackFile, Yes
from mlinfra.cli.shell import Shell

PLACE = ("The job", 15)
EXAMPLES = (
    "mlinfra destroy stack.yaml",
    "mlinfra destroy pull-request.yaml --yes --set pr=1234",
    "mlinfra destroy stack.yaml --delete-data",
)

DeleteData = Annotated[
    bool,
    typer.Option("--delete-data", help="Delete also the volumes and snapshots that workloads left with data."),
]


def run(
    context: typer.Context,
    stack: StackFile,
    yes: Yes = False,
    delete_data: DeleteData = False,
    remove_foreign: RemoveForeign = False,
    full: Full = False,
    sets: Sets = None,
    inputs: Inputs = None,
    form: Form = "text",
) -> int:
    """Delete everything that the stack made.

    Shows what goes and asks twice. Succeeds only where nothing is left afterwards; else lists it and exits with 8.
    Volumes go as their claims say; those that are to be retained, and snapshots, are kept for their data, and listed.
    """
    from mlinfra.cli.plans import carry_out, recovered
    from mlinfra.session.plans.keepsakes import kept_by

    shell = Shell.of(context)
    with shell.progress("reading the stack") as say:
        session = shell.open(stack, sets, inputs, by_state=True)
        recovered(shell, session)
        plan = session.plan(destroy=True, delete_data=delete_data, remove_foreign=remove_foreign, on_progress=say)
    # The session proves that nothing is left, or raises with what is.
    if code := carry_out(shell, session, plan, form, yes=yes, full=full, verb="destroy"):
        return code
    if form == "text":
        kept = kept_by(plan)
        shell.write("the inventory is empty: nothing is left" + (" but what is kept on purpose:" if kept else ""))
        for sentence in kept:
            shell.write(f"  {sentence}")
    return 0
