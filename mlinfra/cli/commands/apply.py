"""`mlinfra apply`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.options import Form, Full, Inputs, RemoveForeign, Sets, Yes
from mlinfra.cli.shell import Shell

PLACE = ("The job", 14)
EXAMPLES = (
    "mlinfra apply stack.yaml                 # plans, asks, applies",
    "mlinfra apply plan.mlinfra               # exactly what was reviewed, or nothing",
    "mlinfra apply stack.yaml --yes -o json > report.json",
)


def run(
    context: typer.Context,
    stack: Annotated[
        str, typer.Argument(metavar="STACK|PLAN", help="A stack file, or a plan file.", show_default=False)
    ],
    yes: Yes = False,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="ADDRESS", help="Only this address and what it needs; may be repeated."),
    ] = None,
    remove_foreign: RemoveForeign = False,
    full: Full = False,
    sets: Sets = None,
    inputs: Inputs = None,
    form: Form = "text",
) -> int:
    """Make what the stack file says.

    Shows the plan and asks. Ctrl-C finishes what is in flight; what was made is recorded, and the same command goes
    on from there.
    """
    from mlinfra.cli.plans import carry_out, is_plan_file, recovered

    shell = Shell.of(context)
    if is_plan_file(stack):
        if sets or inputs or target or remove_foreign:
            named = "--set, --inputs, --target or --remove-foreign"
            raise typer.BadParameter(f"a plan file is applied as it is: no {named}")
        session, plan = shell.sessions.open_plan(stack)
    else:
        with shell.progress("reading the stack") as say:
            session = shell.open(stack, sets, inputs)
            recovered(shell, session)
            plan = session.plan(targets=tuple(target or ()), remove_foreign=remove_foreign, on_progress=say)
    return carry_out(shell, session, plan, form, yes=yes, full=full)
