"""`mlinfra status`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import Inputs, Sets, StackFile, StatusForm
from mlinfra.cli.shell import Shell

PLACE = ("Looking", 21)
EXAMPLES = (
    "mlinfra status stack.yaml",
    "mlinfra status stack.yaml -o json | jq '.troubles[] | .title + \": \" + .words'",
)


def run(
    context: typer.Context, stack: StackFile, sets: Sets = None, inputs: Inputs = None, form: StatusForm = "text"
) -> int:
    """Say what is wrong with what was made, why, and what it takes: the state, the cluster, its nodes, what runs.

    Only looks. Root causes, the most serious first. Exits with 2 where something is wrong, with 1 where something could
    not be read.
    """
    from mlinfra.cli.render.document import document
    from mlinfra.cli.render.health import health_data, health_markdown, health_page

    shell = Shell.of(context)
    sessions = shell.sessions
    with shell.progress("looking at the cloud and into the cluster"):
        health = sessions.check_health(shell.options(stack, sets, inputs, by_state=True))
    if form == "json":
        shell.write(document(health_data(health)))
    elif form == "markdown":
        shell.write("\n".join(health_markdown(health)))
    else:
        shell.show(health_page(health, shell.look()))
    return {"unreadable": 1, "healthy": 0, "not made": 0}.get(health.verdict, 2)
