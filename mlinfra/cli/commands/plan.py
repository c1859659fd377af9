"""`mlinfra plan`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.options import Full, Inputs, PlanForm, RemoveForeign, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("The job", 13)
EXAMPLES = (
    "mlinfra plan stack.yaml",
    "mlinfra plan stack.yaml --out plan.mlinfra && mlinfra apply plan.mlinfra",
    "mlinfra plan stack.yaml --set gpuMax=4 -o markdown > comment.md",
    "mlinfra plan stack.yaml --detailed-exitcode -o json | jq .summary",
)


def run(
    context: typer.Context,
    stack: StackFile,
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="Write the sealed plan, for apply.")] = "",
    detailed_exitcode: Annotated[
        bool,
        typer.Option(
            "--detailed-exitcode",
            help="Exit with 2 where changes are pending, with 1 where something could not be read.",
        ),
    ] = False,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="ADDRESS", help="Plan this address and what it needs; may be repeated."),
    ] = None,
    refresh: Annotated[bool, typer.Option("--refresh/--no-refresh", help="Read the cloud, or trust the state.")] = True,
    refresh_facts: Annotated[
        bool, typer.Option("--refresh-facts", help="Read zones, versions and machine types anew.")
    ] = False,
    remove_foreign: RemoveForeign = False,
    full: Full = False,
    sets: Sets = None,
    inputs: Inputs = None,
    form: PlanForm = "text",
) -> int:
    """Show what apply would change.

    Reads the stack file and the cloud, changes nothing, and lists every change, the most dangerous first.
    """
    from mlinfra.cli.plans import refusal, show_plan
    from mlinfra.cli.render.changes import unread

    shell = Shell.of(context)
    with shell.progress("reading the stack") as say:
        session = shell.open(stack, sets, inputs)
        plan = session.plan(
            targets=tuple(target or ()),
            refresh=refresh,
            refresh_facts=refresh_facts,
            remove_foreign=remove_foreign,
            on_progress=say,
        )
    show_plan(shell, session, plan, form, full=full)
    if refused := refusal(plan):
        return refused  # and nothing is written: such a plan cannot be applied
    if out:
        session.save(plan, out)
        if form == "text":
            shell.write(f"written to {out}; carry it out with: mlinfra apply {out}")
    if not detailed_exitcode:
        return 0
    return 1 if unread(plan) else 2 if plan.pending() else 0
