"""`mlinfra sandbox status`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import Form
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 2)
EXAMPLES = ("mlinfra sandbox status", "mlinfra sandbox status -o json | jq -r .endpoint")


def run(context: typer.Context, form: Form = "text") -> int:
    """Say whether the sandbox runs, and where."""
    from mlinfra.cli.render.document import document
    from mlinfra.cli.render.sandbox import sandbox_data, sandbox_page

    shell = Shell.of(context)
    status = shell.sessions.sandbox_status()
    if form == "json":
        shell.write(document(sandbox_data(status)))
    else:
        shell.show(sandbox_page(status))
    return 0
