"""`mlinfra policy explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.options import Form
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 3)
EXAMPLES = ("mlinfra policy explain MLP-EKS-001", "mlinfra policy explain MLP-EKS-001 -o json | jq .must")


def run(
    context: typer.Context,
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Its id.", show_default=False)],
    form: Form = "text",
) -> int:
    """Explain a rule: what it is about and wants, why, what to do, and how its own cases come out."""
    from mlinfra.cli.render.document import document
    from mlinfra.cli.render.policy import rule_data, rule_page
    from mlinfra.cli.unknown import unknown

    shell = Shell.of(context)
    rules = {one.data["id"]: one for one in shell.sessions.rules()}
    if rule.upper() not in rules:
        raise unknown("rule", rule, rules)
    found = rules[rule.upper()]
    if form == "json":
        shell.write(document(rule_data(found)))
    else:
        shell.show(rule_page(found))
    return 0
