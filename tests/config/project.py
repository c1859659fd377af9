"""Stacks written into a directory of their own, and loaded from there."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from mlinfra.config import StacksReader, load_stack
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ConfigError
from mlinfra.core.stack import Stack
from tests.config.language import HEAD, LANGUAGE


class Project:
    """A directory with stack files in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def write(self, text: str | bytes, name: str = "stack.yaml") -> str:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        return name

    def load(
        self,
        text: str,
        *,
        sets: Sequence[str] = (),
        input_files: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        reader: StacksReader | None = None,
    ) -> Stack:
        file = self.write(HEAD + textwrap.dedent(text))
        stack, _ = load_stack(
            file, LANGUAGE, environ=environ or {}, sets=sets, input_files=input_files, stacks_reader=reader
        )
        return stack

    def refused(self, text: str, **arguments: Any) -> tuple[Diagnostic, ...]:
        with pytest.raises(ConfigError) as caught:
            self.load(text, **arguments)
        return caught.value.diagnostics
