"""Text streams whose reader may go away or whose disk may be full, and what they can show.

The shell writes through these. A closed pipe is no error: an apply whose log nobody reads any more is still finished.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TextIO


class Stream(io.TextIOBase):
    """`inner`, of which a failure stops nobody: from then on, what is written is dropped.

    failure: why it could not be written; nothing where only its reader went away.
    """

    def __init__(self, inner: TextIO) -> None:
        self._inner = inner
        self._gone = False
        self.failure: OSError | None = None
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
            except OSError as error:
                self._leave(error)
        return len(text)

    def flush(self) -> None:
        """Flush, unless it failed before."""
        if not self._gone:
            try:
                self._inner.flush()
            except OSError as error:
                self._leave(error)

    def _leave(self, error: OSError) -> None:
        self._gone = True
        if not isinstance(error, BrokenPipeError):
            self.failure = error
        # The interpreter flushes once more at its end, and would complain: let that flush go nowhere.
        with suppress(OSError):
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


def open_closed_streams() -> None:
    """Let the standard streams that were closed before we began lead nowhere.

    Their descriptors would be given to the next files that are opened, and what is said would be written into those.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            lowest = os.open(os.devnull, os.O_RDWR)  # of those that are free: the one that was closed
            setattr(sys, name, os.fdopen(lowest, "w" if number else "r", encoding="utf-8"))
