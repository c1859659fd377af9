"""The entry point: runs one command in a shell and answers with its exit code.

The console script calls `main`. Whatever goes wrong in a command is caught here, once, and printed calmly.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer

from mlinfra import __version__
from mlinfra.cli.folder import Folder, open_folder
from mlinfra.cli.shell import Shell
from mlinfra.cli.stream import open_closed_streams

INTERRUPTED = 130
_UNWRITABLE = "MLI9013"  # of `codes`, which a command that goes well does not import


def main(args: Sequence[str] | None = None, shell: Shell | None = None) -> int:
    """Run `args` (by default the process's) and answer the exit code (design, section 3)."""
    # Much is made and little of it is garbage: a collection for every 700 objects would take a tenth of a plan's time.
    gc.set_threshold(250_000, 4, 100)
    # Nor need what is left be looked through for garbage when the process ends: another tenth.
    atexit.register(gc.freeze)
    arguments = list(sys.argv[1:] if args is None else args)
    colour = "--no-color" not in _before_dashes(arguments)
    if shell is None:
        open_closed_streams()
        shell = Shell(environ=os.environ)
    shell.colour = colour
    with _terminable():
        try:
            code = _run([a for a in arguments if a != "--no-color"] if not colour else arguments, shell)
        except KeyboardInterrupt:
            shell.stderr.write("\ninterrupted\n")
            code = INTERRUPTED
        except Exception as error:  # noqa: BLE001 - the one place where everything ends up
            code = _answered(error, shell)
        return _heard(code, shell)


def _heard(code: int, shell: Shell) -> int:
    """The exit code, where all that was said could be written; else that it could not."""
    shell.stdout.flush()
    if (failure := shell.stdout.failure) is not None:
        lost = f"what it says cannot be written: {failure.strerror}; what it did is done"
        shell.stderr.write(f"error {_UNWRITABLE} standard output: {lost}\n")
        code = code if code not in (0, 2) else 1
    shell.stderr.flush()
    return code


def _answered(error: Exception, shell: Shell) -> int:
    """Say what went wrong. Answers the exit code."""
    try:
        from mlinfra.cli.failure import answer

        return answer(error, shell)
    except (ImportError, OSError, MemoryError) as another:  # not even what says so can be read
        more = "where files run out, allow more of them (ulimit -n), then run the same command again"
        shell.stderr.write(f"error: {error}\n    hint: {more}; what explains it cannot be read either ({another})\n")
        return 1


def application() -> Folder:
    """The whole command line as a Typer group."""
    return open_folder("mlinfra.cli.commands", "mlinfra", add_completion=True, root=_root)


def _run(arguments: list[str], shell: Shell) -> int:
    code = application().main(arguments or ["--help"], prog_name="mlinfra", standalone_mode=False, obj=shell)
    return code if isinstance(code, int) else 0


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mlinfra {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="No colours; may stand anywhere. So does NO_COLOR.")
    ] = False,
) -> None:
    pass


def _before_dashes(arguments: list[str]) -> list[str]:
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


@contextmanager
def _terminable() -> Iterator[None]:
    """While inside, SIGTERM is what Ctrl-C is: a lock is released, a state saved."""
    try:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    except ValueError:  # not the main thread: whoever runs us there keeps the signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
