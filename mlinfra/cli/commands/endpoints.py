"""`mlinfra endpoints`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import Form, Inputs, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("Looking", 24)
EXAMPLES = (
    "mlinfra endpoints stack.yaml",
    "mlinfra endpoints stack.yaml -o json | jq -r '.[] | select(.standing == \"down\") | .name'",
)


def run(context: typer.Context, stack: StackFile, sets: Sets = None, inputs: Inputs = None, form: Form = "text") -> int:
    """List the stack's models as services: what each runs, how many replicas answer, and where.

    Only looks. `mlinfra status` says of one that is not ready what it would take.
    """
    from mlinfra.cli.render.document import document
    from mlinfra.cli.render.endpoints import endpoint_data, endpoints_page

    shell = Shell.of(context)
    sessions = shell.sessions
    with shell.progress("looking into the cluster"):
        found = sessions.list_endpoints(
            sessions.Options(file=stack, sets=tuple(sets or ()), inputs=tuple(inputs or ()))
        )
    if form == "json":
        shell.write(document([endpoint_data(endpoint) for endpoint in found]))
    else:
        shell.show(endpoints_page(found))
    return 0
