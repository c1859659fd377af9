"""`mlinfra modules list`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import Form
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 1)
EXAMPLES = ("mlinfra modules list", "mlinfra modules list -o json | jq -r '.[].name'")


def run(context: typer.Context, form: Form = "text") -> int:
    """List every module: ours, and those in ./modules."""
    from mlinfra.cli.render.document import document
    from mlinfra.cli.render.module import module_data, modules_page

    shell = Shell.of(context)
    modules = sorted(shell.sessions.modules(), key=lambda module: (module.section, module.name))
    if form == "json":
        shell.write(document([module_data(module) for module in modules]))
    else:
        shell.show(modules_page(modules))
    return 0
