"""`mlinfra version`."""

from __future__ import annotations

import typer

from mlinfra.cli.options import Form
from mlinfra.cli.shell import Shell

PLACE = ("Help", 99)
EXAMPLES = ("mlinfra version", "mlinfra version -o json")


def run(context: typer.Context, form: Form = "text") -> int:
    """Show the version, and that of Python and the machine."""
    import platform

    from mlinfra import __version__
    from mlinfra.cli.render.document import document

    about = {"mlinfra": __version__, "python": platform.python_version(), "platform": platform.platform()}
    shell = Shell.of(context)
    shell.write(document(about) if form == "json" else "\n".join(f"{name} {what}" for name, what in about.items()))
    return 0
