"""The place of a module in the stack file: which section it implements."""

from __future__ import annotations

import msgspec


class Place(msgspec.Struct, frozen=True):
    """`Place("network")` is a section of one, `Place("nodeGroups", many=True)` one of named entries.

    entry: for sections whose entries are modules of their own, the entry that this one implements:
        `Place("runtimes", entry="flyte")`.
    """

    section: str
    many: bool = False
    entry: str = ""

    def __str__(self) -> str:
        return f"{self.section}.{self.entry}" if self.entry else self.section
