"""`mlinfra sandbox down`."""

from __future__ import annotations

import typer

from mlinfra.cli.shell import Shell

PLACE = ("Commands", 4)
EXAMPLES = ("mlinfra sandbox down", "mlinfra sandbox down && mlinfra sandbox up --port 4566")


def run(context: typer.Context) -> int:
    """Stop the sandbox; its data end with it."""
    shell = Shell.of(context)
    shell.sessions.sandbox_down()
    shell.write("the sandbox is down")
    return 0
