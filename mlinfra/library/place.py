"""The place of a module in the stack file: which section it implements."""

from __future__ import annotations

import msgspec

from mlinfra.core.language import COMPONENTS, LIFECYCLE

# What modules may implement a part of, and stack files do not hold as a section of a module.
NO_SECTIONS = (LIFECYCLE, COMPONENTS)


class Place(msgspec.Struct, frozen=True):
    """`Place("network")` is a section of one, `Place("nodeGroups", many=True)` one of named entries.

    Place(COMPONENTS, entry="keda") is no part of the language: what is there because something else wants it.
    entry: for sections whose entries are modules of their own, the entry that this one implements:
        `Place("runtimes", entry="flyte")`. In the same way of the language's own `lifecycle`: there a part that no
        module makes something of is none the less valid.
    """

    section: str
    many: bool = False
    entry: str = ""

    def __str__(self) -> str:
        return f"{self.section}.{self.entry}" if self.entry else self.section
