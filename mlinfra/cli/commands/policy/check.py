"""`mlinfra policy check`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import Form, Inputs, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 2)
EXAMPLES = ("mlinfra policy check stack.yaml", "mlinfra policy check stack.yaml -o json | jq .diagnostics")


def run(context: typer.Context, stack: StackFile, sets: Sets = None, inputs: Inputs = None, form: Form = "text") -> int:
    """Hold what a stack desires to the rules, without a plan, a state or an account.

    Exits with 3 where a mandatory rule is broken, or only an apply can tell. What only an account can tell is listed;
    `mlinfra plan` asks one, and shows what rules on changes find.
    """
    from mlinfra.cli.render.diagnostics import diagnostics_page
    from mlinfra.cli.render.document import document
    from mlinfra.cli.render.policy import judgement_data, judgement_line
    from mlinfra.core.diagnostic import errors_in
    from mlinfra.core.errors import PolicyViolation

    shell = Shell.of(context)
    with shell.progress("reading the stack"):
        judgement = shell.sessions.check_policies(shell.options(stack, sets, inputs))
    found = tuple(judgement.diagnostics())
    if form == "json":
        shell.write(document(judgement_data(stack, judgement)))
    else:
        shell.show(diagnostics_page(found, shell.look()))
        shell.show(judgement_line(stack, judgement))
    return PolicyViolation.exit_code if errors_in(found) else 0
