"""`mlinfra output`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.cli.options import Form, Inputs, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("Looking", 23)
EXAMPLES = (
    "mlinfra output stack.yaml",
    "docker push $(mlinfra output stack.yaml registry)/ranker:7",
    "mlinfra output stack.yaml -o json",
)


def run(
    context: typer.Context,
    stack: StackFile,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="One output, bare.", show_default=False)] = "",
    sets: Sets = None,
    inputs: Inputs = None,
    form: Form = "text",
) -> int:
    """Show the stack's outputs, as the last apply left them."""
    from mlinfra.cli.render.document import document
    from mlinfra.cli.render.report import outputs_page
    from mlinfra.cli.render.value import value_json, value_text
    from mlinfra.cli.unknown import unknown

    shell = Shell.of(context)
    outputs = shell.open(stack, sets, inputs, by_state=True).outputs()
    if name and name not in outputs:
        raise unknown("output", name, outputs)
    if form == "json":
        everything = {key: value_json(value) for key, value in sorted(outputs.items())}
        shell.write(document(everything[name] if name else everything))
    elif name:
        value = outputs[name]
        # Bare, for other programs: a text is itself, without quotes.
        shell.write(value if isinstance(value, str) else value_text(value))
    elif outputs:
        shell.show(outputs_page(outputs))
    else:
        shell.stderr.write("no outputs: the stack declares none, or was not applied yet\n")
    return 0
