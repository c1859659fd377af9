"""`mlinfra init`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mlinfra.cli.shell import Shell

PLACE = ("The job", 11)
EXAMPLES = (
    "mlinfra init                             # stack.yaml, for the sandbox: no account needed",
    "mlinfra init recsys.yaml --platform aws --name recsys-dev",
    "mlinfra init serving.yaml --platform kubernetes    # on a cluster that exists, by your kubeconfig",
    "mlinfra init recsys.yaml --platform aws --region eu-central-1 --bucket acme-mlinfra-states",
)


def run(
    context: typer.Context,
    stack: Annotated[str, typer.Argument(metavar="[STACK]", help="The file to write.")] = "stack.yaml",
    platform: Annotated[
        Literal["sandbox", "aws", "kubernetes"],
        typer.Option("--platform", help="Where it will be made; kubernetes: on a cluster that exists."),
    ] = "sandbox",
    name: Annotated[str, typer.Option("--name", help="The stack's name; by default the folder's.")] = "",
    region: Annotated[str, typer.Option("--region", help="The region that it is made in.")] = "us-east-1",
    bucket: Annotated[
        str,
        typer.Option(
            "--bucket", help="Make this bucket for the states of stacks: versioned, encrypted, private, TLS only."
        ),
    ] = "",
) -> int:
    """Write a starter stack file, with a word on each line. Never overwrites.

    With --bucket it also makes a bucket for states, in which runs lock each other out. It may be run again: a bucket
    that was begun is finished, one that somebody else made is left as it is.
    """
    from mlinfra.cli.starter import is_there, starter, write_new

    shell = Shell.of(context)
    text = starter(name, platform, region, bucket)
    if bucket:
        # What stands on a cluster of one's own has its state in AWS all the same, where it is asked for.
        shell.sessions.make_state_bucket("sandbox" if platform == "sandbox" else "aws", region, bucket)
        shell.write(f"the bucket {bucket} is ready for states: versioned, encrypted, private, reached by TLS only")
    if bucket and is_there(stack):
        shell.write(f"{stack} exists already, and is left as it is; write this into it: state: s3://{bucket}/NAME")
        return 0
    write_new(stack, text)
    shell.write(f"wrote {stack}; see what it would make: mlinfra plan {stack}")
    return 0
