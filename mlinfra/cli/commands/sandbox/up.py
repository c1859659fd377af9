"""`mlinfra sandbox up`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.options import Form
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 1)
EXAMPLES = (
    "mlinfra sandbox up",
    "mlinfra sandbox up --port 4566",
    "AWS_ENDPOINT_URL=$(mlinfra sandbox up -o json | jq -r .endpoint) aws ec2 describe-vpcs",
)


def run(
    context: typer.Context,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="On loopback; by default any free one.")
    ] = None,
    form: Form = "text",
) -> int:
    """Start the sandbox, or say where it runs."""
    from mlinfra.cli.render.document import document
    from mlinfra.cli.render.sandbox import sandbox_data, sandbox_page

    shell = Shell.of(context)
    status = shell.sessions.sandbox_up(port)
    if form == "json":
        shell.write(document(sandbox_data(status)))
    else:
        shell.show(sandbox_page(status))
    return 0
