"""`mlinfra cluster-token`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.shell import Shell

PLACE = ("Others", 91)
EXAMPLES = ("mlinfra cluster-token recsys-prod --region us-east-1",)


def run(
    context: typer.Context,
    cluster: Annotated[str, typer.Argument(metavar="CLUSTER", help="The cluster's name.", show_default=False)],
    region: Annotated[str, typer.Option("--region", help="The cluster's region.", show_default=False)],
) -> int:
    """Print a token for a cluster's API; kubeconfigs run this.

    The token proves who the AWS credentials in the environment belong to, for a quarter of an hour.
    """
    from mlinfra.cli.render.document import document

    shell = Shell.of(context)
    shell.write(document(shell.sessions.token_credential(cluster, region, shell.environ), whole=True))
    return 0
