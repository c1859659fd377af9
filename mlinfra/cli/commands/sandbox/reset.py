"""`mlinfra sandbox reset`."""

from __future__ import annotations

import typer

from mlinfra.cli.shell import Shell

PLACE = ("Commands", 3)
EXAMPLES = ("mlinfra sandbox reset", "mlinfra sandbox reset && mlinfra apply stack.yaml --yes")


def run(context: typer.Context) -> int:
    """Empty the sandbox: all that was made in it is gone; it runs on."""
    shell = Shell.of(context)
    shell.sessions.sandbox_reset()
    shell.write("the sandbox is empty")
    return 0
