"""`mlinfra kubeconfig`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import Inputs, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("Looking", 25)
EXAMPLES = (
    "mlinfra kubeconfig stack.yaml > kubeconfig",
    "KUBECONFIG=kubeconfig kubectl get nodes",
)


def run(context: typer.Context, stack: StackFile, sets: Sets = None, inputs: Inputs = None) -> int:
    """Print a kubeconfig for the stack's cluster.

    It is JSON, which every reader of YAML reads, and holds no secret: clients run `mlinfra cluster-token` when they
    need a token.
    """
    from mlinfra.cli.render.document import document

    shell = Shell.of(context)
    shell.write(document(shell.open(stack, sets, inputs).kubeconfig()))
    return 0
