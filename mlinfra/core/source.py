"""Where in the user's files something stands."""

from __future__ import annotations

import msgspec


class Source(msgspec.Struct, frozen=True, order=True, gc=False):
    """A place in a file: its path as the user gave it; line and column counted from 1 (0: the file as a whole)."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])
