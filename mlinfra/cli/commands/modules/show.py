"""`mlinfra modules show`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.options import Form
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 2)
EXAMPLES = ("mlinfra modules show node-group", "mlinfra modules show node-group -o json | jq .inputs")


def run(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the module.", show_default=False)],
    form: Form = "text",
) -> int:
    """Show a module: what it makes, its inputs with their defaults, its outputs."""
    from mlinfra.cli.render.document import document
    from mlinfra.cli.render.module import module_data, module_page
    from mlinfra.cli.unknown import unknown

    shell = Shell.of(context)
    modules = {module.name: module for module in shell.sessions.modules()}
    if name not in modules:
        raise unknown("module", name, modules)
    if form == "json":
        shell.write(document(module_data(modules[name])))
    else:
        shell.show(module_page(modules[name]))
    return 0
