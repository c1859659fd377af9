"""Text streams whose reader may go away, and what they can show.

The shell writes through these. A closed pipe is no error: an apply whose log nobody reads any more is still finished.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import TextIO


class Stream(io.TextIOBase):
    """`inner` without its `BrokenPipeError`: what is written after the reader has gone is dropped."""

    def __init__(self, inner: TextIO) -> None:
        self._inner = inner
        self._gone = False
        self.untouched = True  # whether nothing was written to it yet
        if isinstance(inner, io.TextIOWrapper):
            inner.reconfigure(errors="backslashreplace")

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed declares a variable where CPython has a property
        """The inner stream's encoding."""
        return self._inner.encoding or "utf-8"

    def write(self, text: str) -> int:
        """Write, or drop."""
        self.untouched = self.untouched and not text
        if not self._gone:
            try:
                self._inner.write(text)
            except BrokenPipeError:
                self._leave()
        return len(text)

    def flush(self) -> None:
        """Flush, unless the reader has gone."""
        if not self._gone:
            try:
                self._inner.flush()
            except BrokenPipeError:
                self._leave()

    def _leave(self) -> None:
        # The interpreter flushes once more at its end, and would complain: let that flush go nowhere.
        self._gone = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._inner.fileno())
        os.close(nowhere)

    def isatty(self) -> bool:
        """Whether a person looks at it."""
        return self._inner.isatty()

    def fileno(self) -> int:
        """The inner stream's descriptor."""
        return self._inner.fileno()

    def speaks_unicode(self, environ: Mapping[str, str]) -> bool:
        """Whether arrows and box lines can be shown: not on dumb terminals, not in encodings that lack them."""
        if self.isatty() and environ.get("TERM") == "dumb":
            return False
        return self.encoding.lower().replace("-", "").startswith("utf")

    def speaks_colour(self, environ: Mapping[str, str]) -> bool:
        """Whether colours are welcome (https://no-color.org, read 2026-11-21)."""
        return self.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
