"""`mlinfra drift`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import Inputs, PlanForm, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("The job", 16)
EXAMPLES = (
    "mlinfra drift stack.yaml",
    "mlinfra drift stack.yaml -o json || notify-the-team     # 2: drift, 1: something was unreadable",
)


def run(
    context: typer.Context, stack: StackFile, sets: Sets = None, inputs: Inputs = None, form: PlanForm = "text"
) -> int:
    """Show what others changed behind the stack's back.

    Exits with 2 where something has drifted, vanished, or been added to what the stack owns alone, and with 1 where
    something could not be read.
    """
    from mlinfra.cli.plans import show_plan
    from mlinfra.cli.render.changes import foreign, unread
    from mlinfra.core.diagnostic import errors_in

    shell = Shell.of(context)
    with shell.progress("reading the cloud"):
        session = shell.open(stack, sets, inputs, by_state=True)
        plan = session.drift()
    show_plan(shell, session, plan, form, verb="drift")
    if errors_in(plan.diagnostics) or unread(plan):
        return 1
    return 2 if plan.pending() or foreign(plan) else 0
