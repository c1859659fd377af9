"""`mlinfra policy list`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import Form
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 1)
EXAMPLES = ("mlinfra policy list", "mlinfra policy list -o json | jq -r '.[] | select(.pack == \"gpu\") | .id'")


def run(context: typer.Context, form: Form = "text") -> int:
    """List every rule: ours, and those in `policies` here and above, as far as the root of the repository."""
    from mlinfra.cli.render.document import document
    from mlinfra.cli.render.policy import rules_page

    shell = Shell.of(context)
    rules = [rule.data for rule in shell.sessions.rules()]
    if form == "json":
        shell.write(document(rules))
    else:
        shell.show(rules_page(rules))
    return 0
