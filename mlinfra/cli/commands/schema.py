"""`mlinfra schema`."""

from __future__ import annotations

import typer

from mlinfra.cli.shell import Shell

PLACE = ("Help", 91)
EXAMPLES = (
    "mlinfra schema > stack.schema.json",
    "mlinfra schema | jq '.\"$defs\" | keys'",
)


def run(context: typer.Context) -> int:
    """Print the JSON Schema of the stack file, for editors.

    Editors that speak the YAML language server's comment complete and check a stack whose first line is
    `# yaml-language-server: $schema=stack.schema.json`.
    """
    from mlinfra.cli.render.document import document

    shell = Shell.of(context)
    shell.write(document(shell.sessions.schema()))
    return 0
