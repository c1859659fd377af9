"""`mlinfra charts pull`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import Form, Inputs, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 2)
EXAMPLES = (
    "mlinfra charts pull stack.yaml",
    "tar cf charts.tar .mlinfra/charts        # for where there is no network",
)


def run(context: typer.Context, stack: StackFile, sets: Sets = None, inputs: Inputs = None, form: Form = "text") -> int:
    """Fetch the charts of a stack into .mlinfra/charts, each under its digest.

    What is there already is not fetched again. Exits with 1 where one could not be fetched.
    """
    from mlinfra.cli.render.charts import show_charts

    shell = Shell.of(context)
    sessions = shell.sessions
    options = sessions.Options(file=stack, sets=tuple(sets or ()), inputs=tuple(inputs or ()))
    with shell.progress("fetching charts"):
        charts = sessions.pull_charts(options)
    return show_charts(shell, charts, form)
