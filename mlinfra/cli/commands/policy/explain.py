"""`mlinfra policy explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.options import Form
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 3)
EXAMPLES = (
    "mlinfra policy explain MLP-EKS-001",
    "mlinfra policy explain CKV_AWS_79",
    "mlinfra policy explain MLP-EKS-001 -o json | jq .must",
)


def run(
    context: typer.Context,
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Its id.", show_default=False)],
    form: Form = "text",
) -> int:
    """Explain a rule: what it is about and wants, why, what to do, and how its own cases come out.

    By the id of another tool's check, such as CKV_AWS_79 of checkov: every rule that asks for the same.
    """
    from mlinfra.cli.render.document import document
    from mlinfra.cli.render.page import Page
    from mlinfra.cli.render.policy import rule_data, rule_page
    from mlinfra.cli.unknown import unknown

    shell = Shell.of(context)
    rules = {one.data["id"]: one for one in shell.sessions.rules()}
    named = rule.upper()
    if named in rules:
        found = [rules[named]]
    else:
        found = [one for one in rules.values() if named in map(str.upper, one.data["anchors"])]
    if not found:
        raise unknown("rule", rule, [*rules, *(anchor for one in rules.values() for anchor in one.data["anchors"])])
    if form == "json":
        shell.write(document(rule_data(found[0]) if named in rules else [rule_data(one) for one in found]))
        return 0
    page = Page()
    for one in found:
        page.blank().extend(rule_page(one))
    shell.show(page)
    return 0
