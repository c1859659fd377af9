"""What is said when a command fails, and with which code it exits.

`main` hands every exception here. A user never sees a traceback: that of an unexpected one goes to a file.
"""

from __future__ import annotations

import errno
import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

import typer

from mlinfra.cli.codes import Code
from mlinfra.cli.render.diagnostics import diagnostics_page, failure_page
from mlinfra.cli.render.report import report_page
from mlinfra.cli.shell import Asked, Shell
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ApplyIncomplete, ConfigError, MlinfraError

_DEFECT = "this is a defect of mlinfra, not of your stack ({})"
_SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EFBIG})
_MORE = "give it more (open files: ulimit -n), then run the same command again: it goes on from what was recorded"
_REPORT = "the details are in the log that the error output names; please report it with that file"


def answer(error: Exception, shell: Shell) -> int:
    """Say what went wrong, for people and in the form that the command was asked for. Answers the exit code."""
    code = _tell(error, shell)
    if shell.asked is not None and shell.stdout.untouched:
        _answer_in_form(error, shell.asked, shell)
    return code


def _answer_in_form(error: Exception, asked: Asked, shell: Shell) -> None:
    """Write the answer of a command that has none, where its form can say so."""
    from mlinfra.cli.render.unanswered import Unanswered, unanswered_in

    write = unanswered_in(asked.given.get("form") or "text")
    if write is None or isinstance(error, typer.Abort):
        return
    file = str(asked.given.get("stack") or "")
    name = _stack_name(file, asked, shell) if file else ""
    shell.write(write(Unanswered(asked.command, file, name, _diagnostics(error))))


def _stack_name(file: str, asked: Asked, shell: Shell) -> str:
    try:
        return shell.sessions.stack_name(shell.options(file, asked.given.get("sets"), asked.given.get("inputs")))
    except Exception:  # noqa: BLE001 - what failed, and was said to, may fail again; its name is not worth a second word
        return ""


def _diagnostics(error: Exception) -> tuple[Diagnostic, ...]:
    match error:
        case ConfigError():
            return error.diagnostics
        case MlinfraError():
            first, _, rest = str(error).partition("\n")
            return (Diagnostic(code=error.code, summary=first, detail=rest, hint=error.hint),)
        case typer.TyperException():
            return (Diagnostic(code=Code.USAGE, summary=error.format_message(), hint=_usage(error)),)
    return (Diagnostic(code=Code.UNEXPECTED, summary=_DEFECT.format(type(error).__name__), hint=_REPORT),)


def _tell(error: Exception, shell: Shell) -> int:
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
        case OSError() | MemoryError() if words := _shortage(error):
            shell.tell(failure_page(Code.SURROUNDINGS, words, _MORE, look))
            return 1
        case _:
            return _unexpected(error, shell)
    return error.exit_code


def _shortage(error: OSError | MemoryError) -> str:
    """What the machine has no more of, in words; empty for an error of another kind."""
    if isinstance(error, MemoryError):
        return "there is no more memory"
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror}{where}" if error.errno in _SHORTAGES else ""


def _usage(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    if context is None:
        return ""
    return f"{' '.join(context.get_usage().split()).removeprefix('Usage: ')} (more: {context.command_path} --help)"


def _unexpected(error: Exception, shell: Shell) -> int:
    if shell.environ.get("MLINFRA_DEBUG") == "1":
        shell.stderr.write("".join(traceback.format_exception(error)))
    look = shell.look(stream=shell.stderr)
    what = _DEFECT.format(type(error).__name__)
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
