"""`mlinfra kubeconfig`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.options import Inputs, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("Looking", 25)
EXAMPLES = (
    "mlinfra kubeconfig stack.yaml > kubeconfig",
    "KUBECONFIG=kubeconfig kubectl get nodes",
)


Port = Annotated[
    int,
    typer.Option("--port", min=1, max=65535, help="Port of this machine where a tunnel begins, with reach: ssm."),
]


def run(context: typer.Context, stack: StackFile, port: Port = 8443, sets: Sets = None, inputs: Inputs = None) -> int:
    """Print a kubeconfig for the stack's cluster.

    It is JSON, which every reader of YAML reads, and holds no secret: clients run `mlinfra cluster-token` when they
    need a token. It leads the way that cluster.endpoint.reach says: through the proxy that the stack names, or to this
    machine's end of a Session Manager tunnel, which the output says how to open.
    """
    from mlinfra.cli.render.document import document

    shell = Shell.of(context)
    found, besides = shell.open(stack, sets, inputs, by_state=True).kubeconfig(port)
    shell.write(document(found, whole=True))
    if besides:
        shell.tell(f"note: {besides}")
    return 0
