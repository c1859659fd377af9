"""Asking before something is done that cannot be undone."""

from __future__ import annotations

from mlinfra.cli.codes import Code
from mlinfra.cli.shell import Shell
from mlinfra.core.errors import MlinfraError


def confirm(shell: Shell, question: str, answer: str) -> None:
    """Go on only where `answer` is typed. Raises `MlinfraError` otherwise, and where nobody is there to type."""
    from mlinfra.cli.render.value import inert

    if not shell.is_interactive:
        raise MlinfraError(
            "this needs a confirmation, and there is no terminal to ask on",
            code=Code.NO_TERMINAL,
            hint="look at the plan first (mlinfra plan), then run it with --yes",
        )
    shell.stdout.write(f"\n{inert(question)} Type {inert(answer)}: ")
    shell.stdout.flush()
    typed = shell.stdin.readline()
    if typed.strip() != answer:
        raise MlinfraError("not confirmed, nothing was done", code=Code.NOT_CONFIRMED)
    shell.stdout.write("\n")
