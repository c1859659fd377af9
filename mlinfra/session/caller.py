"""The caller: credentials that do not work, told at the line of the stack that says where they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ConfigError, MlinfraError, NoCredentials
from mlinfra.core.stack import Stack


@contextmanager
def as_caller(stack: Stack, key: str) -> Iterator[None]:
    """Let what is within ask AWS for the sake of the stack's `key`. Raises `ConfigError` where credentials fail."""
    try:
        yield
    except MlinfraError as error:
        if error.code != NoCredentials.default_code:
            raise
        source = stack.positions.at((key,)) or stack.positions.at(("target",))
        found = Diagnostic(code=error.code, summary=str(error), source=source, hint=error.hint)
        raise ConfigError([found]) from error
