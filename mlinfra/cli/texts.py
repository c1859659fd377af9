"""Texts that a command is handed: a file, or standard input."""

from __future__ import annotations

from pathlib import Path

from mlinfra.cli.codes import Code
from mlinfra.cli.shell import Shell
from mlinfra.core.errors import MlinfraError


def read_text(shell: Shell, file: str) -> str:
    """The text of `file`; of standard input for `-`. Raises `MlinfraError` where it cannot be read."""
    try:
        return shell.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        words = f"{file} cannot be read: {(error.strerror or str(error)).lower()}"
        raise MlinfraError(words, code=Code.NO_TEXT) from error
    except UnicodeDecodeError as error:
        raise MlinfraError(f"{file} is no text in UTF-8", code=Code.NO_TEXT) from error
