"""`mlinfra destroy`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import Form, Full, Inputs, Sets, StackFile, Yes
from mlinfra.cli.shell import Shell

PLACE = ("The job", 15)
EXAMPLES = (
    "mlinfra destroy stack.yaml",
    "mlinfra destroy pull-request.yaml --yes --set pr=1234",
)


def run(
    context: typer.Context,
    stack: StackFile,
    yes: Yes = False,
    full: Full = False,
    sets: Sets = None,
    inputs: Inputs = None,
    form: Form = "text",
) -> int:
    """Delete everything that the stack made.

    Shows what goes and asks twice. Succeeds only where nothing is left afterwards; else lists it and exits with 8.
    """
    from mlinfra.cli.plans import carry_out, unreadable
    from mlinfra.cli.render.page import Page

    shell = Shell.of(context)
    with shell.progress("reading the stack") as say:
        session = shell.open(stack, sets, inputs)
        plan = session.plan(destroy=True, on_progress=say)
    if code := carry_out(shell, session, plan, form, yes=yes, full=full, verb="destroy"):
        return code
    left = session.inventory()
    if left:
        page = Page().line((f"{len(left)} objects still bear this stack's tags:", "bold yellow"))
        for token, address, identity in left:
            page.line("  ", address, ("  " + token, "dim"), "  ", identity)
        shell.tell(page)
        return 8
    if unreadable(plan):
        shell.stderr.write("something could not be read: it may be left\n")
        return 1
    if form == "text":
        shell.write("the inventory is empty: nothing is left")
    return 0
