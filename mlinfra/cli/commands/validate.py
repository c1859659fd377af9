"""`mlinfra validate`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import Form, Inputs, Sets, StackFile
from mlinfra.cli.shell import Shell

PLACE = ("The job", 12)
EXAMPLES = (
    "mlinfra validate stack.yaml",
    "mlinfra validate stack.yaml --inputs staging.yaml -o json",
)


def run(context: typer.Context, stack: StackFile, sets: Sets = None, inputs: Inputs = None, form: Form = "text") -> int:
    """Check a stack file, and show every mistake at once.

    Asks no cloud for anything: the file, what it extends and the modules decide.
    """
    from mlinfra.cli.render.diagnostics import diagnostic_json, diagnostics_page, gravest_first
    from mlinfra.cli.render.document import document
    from mlinfra.cli.render.number import number_of
    from mlinfra.cli.render.page import Page
    from mlinfra.core.diagnostic import Severity, errors_in
    from mlinfra.core.errors import ConfigError

    shell = Shell.of(context)
    try:
        session = shell.open(stack, sets, inputs)
        found = (*session.diagnostics, *session.refusals())
    except ConfigError as error:
        found = error.diagnostics
    errors = errors_in(found)
    if form == "json":
        content = {"valid": not errors, "diagnostics": [diagnostic_json(d) for d in gravest_first(found)]}
        shell.write(document(content))
        return 1 if errors else 0
    shell.tell(diagnostics_page(found, shell.look(stream=shell.stderr)))
    warnings = sum(d.severity is Severity.WARNING for d in found)
    words = f"{len(errors)} to mend" if errors else f"valid, {number_of(warnings, 'warning')}" if warnings else "valid"
    shell.show(Page().line(f"{stack}: ", (words, "bold red" if errors else "green")))
    return 1 if errors else 0
