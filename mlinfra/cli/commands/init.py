"""`mlinfra init`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mlinfra.cli.shell import Shell

PLACE = ("The job", 11)
EXAMPLES = (
    "mlinfra init                             # stack.yaml, for the sandbox: no account needed",
    "mlinfra init recsys.yaml --platform aws --name recsys-dev",
)


def run(
    context: typer.Context,
    stack: Annotated[str, typer.Argument(metavar="[STACK]", help="The file to write.")] = "stack.yaml",
    platform: Annotated[
        Literal["sandbox", "aws"], typer.Option("--platform", help="Where it will be made.")
    ] = "sandbox",
    name: Annotated[str, typer.Option("--name", help="The stack's name; by default the folder's.")] = "",
) -> int:
    """Write a starter stack file, with a word on each line. Never overwrites."""
    from mlinfra.cli.starter import starter, write_new

    shell = Shell.of(context)
    write_new(stack, starter(name, platform))
    shell.write(f"wrote {stack}; see what it would make: mlinfra plan {stack}")
    return 0
