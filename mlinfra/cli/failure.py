"""What is said when a command fails, and with which code it exits.

`main` hands every exception here. A user never sees a traceback: that of an unexpected one goes to a file.
"""

from __future__ import annotations

import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

import typer

from mlinfra.cli.codes import Code
from mlinfra.cli.render.diagnostics import diagnostics_page, failure_page
from mlinfra.cli.render.report import report_page
from mlinfra.cli.shell import Shell
from mlinfra.core.errors import ApplyIncomplete, ConfigError, MlinfraError


def answer(error: Exception, shell: Shell) -> int:
    """Print `error`, and answer the exit code."""
    look = shell.look(stream=shell.stderr)
    match error:
        case ConfigError():
            shell.tell(diagnostics_page(error.diagnostics, look))
        case ApplyIncomplete():
            shell.tell(report_page(error.report, look))
            shell.tell(failure_page(error.code, f"incomplete: {error}", error.hint, look))
        case MlinfraError():
            shell.tell(failure_page(error.code, str(error), error.hint, look))
        case typer.TyperException():
            # 1 and not Typer's 2: that says "changes pending" here.
            shell.tell(failure_page(Code.USAGE, error.format_message(), _usage(error), look))
            return 1
        case typer.Abort():
            shell.stderr.write("aborted\n")
            return 1
        case _:
            return _unexpected(error, shell)
    return error.exit_code


def _usage(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    if context is None:
        return ""
    return f"{' '.join(context.get_usage().split()).removeprefix('Usage: ')} (more: {context.command_path} --help)"


def _unexpected(error: Exception, shell: Shell) -> int:
    if shell.environ.get("MLINFRA_DEBUG") == "1":
        shell.stderr.write("".join(traceback.format_exception(error)))
    look = shell.look(stream=shell.stderr)
    what = f"this is a defect of mlinfra, not of your stack ({type(error).__name__})"
    try:
        where = f"the details are in {_log(error)}; please report it with that file"
    except OSError as refused:
        where = f"run it again with MLINFRA_DEBUG=1 for the details (no log could be written: {refused.strerror})"
    shell.tell(failure_page(Code.UNEXPECTED, what, where, look))
    return 1


def _log(error: Exception) -> str:
    now = datetime.now(UTC)
    folder = Path(".mlinfra") / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"failure-{now:%Y%m%dT%H%M%SZ}-{os.getpid()}.log"
    # For the owner's eyes: a library's message may quote what it was given.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{now.isoformat()}\n")
        file.writelines(traceback.format_exception(error))
    return str(path)
