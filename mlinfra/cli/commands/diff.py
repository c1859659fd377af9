"""`mlinfra diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.options import Full, Inputs, PlanForm, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("The job", 17)
EXAMPLES = (
    "mlinfra diff stack.yaml main                     # what these files would change of what main says",
    "mlinfra diff stack.yaml v1.4 v1.5 -o html > diff.html",
    "mlinfra diff stack.yaml origin/main HEAD --merge-base -o markdown > comment.md",
)


def run(
    context: typer.Context,
    stack: StackFile,
    base: Annotated[str, typer.Argument(metavar="BASE", help="The older revision.", show_default=False)],
    head: Annotated[
        str, typer.Argument(metavar="[HEAD]", help="The newer one; left out, the files as they stand.")
    ] = "",
    merge_base: Annotated[
        bool, typer.Option("--merge-base", help="Compare from where HEAD left the history of BASE.")
    ] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 where the two differ.")
    ] = False,
    full: Full = False,
    sets: Sets = None,
    inputs: Inputs = None,
    form: PlanForm = "text",
) -> int:
    """Show what one git revision of a stack would change of another.

    Needs no credentials and no state: BASE is taken to have been applied as it is. What only an account can tell, such
    as its zones, is the same on both sides. HEAD is held to its rules and its budget, as in a plan.
    """
    from mlinfra.cli.plans import refusal, show_comparison

    shell = Shell.of(context)
    sessions = shell.sessions
    options = sessions.Options(file=stack, sets=tuple(sets or ()), inputs=tuple(inputs or ()))
    with shell.progress("reading both revisions"):
        found = sessions.compare(options, base, head, merge_base=merge_base)
    show_comparison(shell, found, form, full=full)
    if refused := refusal(found.plan):
        return refused
    return 2 if detailed_exitcode and found.plan.pending() else 0
