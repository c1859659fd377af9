"""`mlinfra charts list`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import Form, Inputs, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 1)
EXAMPLES = ("mlinfra charts list stack.yaml", "mlinfra charts list stack.yaml -o json | jq -r '.[].digest'")


def run(context: typer.Context, stack: StackFile, sets: Sets = None, inputs: Inputs = None, form: Form = "text") -> int:
    """List the charts of a stack: where each comes from, which one it is, and whether it is at hand.

    Nothing is fetched. Exits with 1 where one cannot be used.
    """
    from mlinfra.cli.render.charts import show_charts

    shell = Shell.of(context)
    sessions = shell.sessions
    options = sessions.Options(file=stack, sets=tuple(sets or ()), inputs=tuple(inputs or ()))
    return show_charts(shell, sessions.list_charts(options), form)
