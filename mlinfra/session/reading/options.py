"""Options: which stack a session is of, as its user named it."""

from __future__ import annotations

from typing import Any

import msgspec


class Options(msgspec.Struct, frozen=True):
    """Which stack, with which values: `sets` are the `k=v` of `--set`, `inputs` the files of `--inputs`.

    by_state: what the state remembers is enough where the file cannot be followed.
    """

    file: str
    sets: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    by_state: bool = False


class Nowhere:
    """The positions of a stack that was not read from a file."""

    def at(self, path: Any) -> None:
        """Nowhere."""
