"""The port beneath the backends: small files with compare-and-swap, and journals that only grow.

`LocalStore` and `S3Store` implement it; the lock and the backend stand on it and know no other difference between
the two. A store knows names and bytes, nothing of states. Every method raises `StateError` and nothing else:
`StateCorrupt` for what stands where a file belongs and is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec


class Kept(msgspec.Struct, frozen=True):
    """What is kept under a name.

    version: differs whenever the data do.
    age: seconds since it was written, told by the store's own clock; `None` where it has none of its own.
    """

    data: bytes
    version: str
    age: float | None = None


class Journal(msgspec.Struct, frozen=True):
    """The complete lines of a journal, and where the next one goes: `end` means something to its store only.

    torn: what follows the last complete line: a write that never ended, and so was never reported durable.
    """

    lines: Sequence[bytes] = ()
    end: int = 0
    torn: bytes = b""


class Store(Protocol):
    """Where one stack's files are kept.

    guards: whether `fenced` keeps all others out while a write is made. Where it does not, a new holder of the lock
        first rewrites the state, so that what an earlier holder still has under way comes too late.
    """

    guards: bool

    @property
    def location(self) -> str:
        """Where that is, for messages: a path or a URL."""
        ...

    def get(self, name: str) -> Kept | None:
        """What is kept under `name`, or `None`."""
        ...

    def put(self, name: str, data: bytes, expected: str | None) -> str | None:
        """Keep `data` under `name`, if its version is still `expected`; `None` expects that there is nothing.

        Answers the new version, or `None` where someone else was first. Durable, and all or nothing. `data` must be
        different in each call by each caller: that is how a write of one's own is known again after a lost answer.
        """
        ...

    def delete(self, names: Sequence[str]) -> None:
        """Remove files and journals, in this order. What is gone already is no error."""
        ...

    def names(self) -> frozenset[str]:
        """The names of all files and journals."""
        ...

    def journal(self, name: str) -> Journal:
        """A journal; one that was never begun is empty."""
        ...

    def append(self, name: str, end: int, line: bytes) -> int | None:
        """Add `line`, which ends in a newline, at `end`. Durable. Answers the new end.

        `None` where something stands there already: the journal is to be read again.
        """
        ...

    def fenced(self, check: Callable[[], None]) -> AbstractContextManager[None]:
        """A write that counts only if `check` passes: before it with all others kept out, or else after it."""
        ...
