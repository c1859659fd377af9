"""`mlinfra modules show`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from mlinfra.cli.options import Form
from mlinfra.cli.shell import Shell

if TYPE_CHECKING:
    from mlinfra.cli.answers import ModuleInfo

PLACE = ("Commands", 2)
EXAMPLES = (
    "mlinfra modules show node-group",
    "mlinfra modules show nodeGroups",
    "mlinfra modules show node-group -o json | jq .inputs",
)


def run(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the module, or of its section.", show_default=False)],
    form: Form = "text",
) -> int:
    """Show a module: what it makes, its inputs with their defaults, its outputs."""
    from mlinfra.cli.render.document import document
    from mlinfra.cli.render.module import module_data, module_page
    from mlinfra.cli.unknown import unknown

    shell = Shell.of(context)
    modules = {module.name: module for module in shell.sessions.modules()}
    found = modules.get(name) or _of_section(name, modules.values())
    if found is None:
        raise unknown("module", name, {*modules, *(module.section for module in modules.values())})
    if form == "json":
        shell.write(document(module_data(found)))
    else:
        shell.show(module_page(found))
    return 0


def _of_section(name: str, modules: Iterable[ModuleInfo]) -> ModuleInfo | None:
    """The module of a section (`nodeGroups`), or of an entry of one (`runtimes.flyte`)."""
    from mlinfra.cli.codes import Code
    from mlinfra.core.errors import MlinfraError

    section, _, entry = name.partition(".")
    there = {module.name: module for module in modules if module.section == section}
    if entry:
        return there.get(entry)
    if len(there) < 2:
        return next(iter(there.values()), None)
    summary = f"the section {section} is made by {len(there)} modules"
    raise MlinfraError(summary, code=Code.UNKNOWN_NAME, hint=f"show one of {', '.join(sorted(there))}")
