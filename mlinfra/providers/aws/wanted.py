"""Wanted: which of all listed objects of one type concern the caller, so that details are read for these alone."""

from __future__ import annotations

import msgspec

from mlinfra.core.ownership import STACK
from mlinfra.core.provider import Interest


class Wanted(msgspec.Struct, frozen=True):
    """What is wanted of one type. `thorough`: tags are to be read even where that costs a call for each object."""

    stack: str
    interest: Interest = Interest()
    thorough: bool = False

    def named(self, *names: str) -> bool:
        """Whether any of these ids or names is of interest."""
        return any(name in self.interest.ids or name in self.interest.names for name in names)

    def tagged(self, tags: dict[str, str]) -> bool:
        """Whether the tags name our stack, of whatever lineage."""
        return tags.get(STACK) == self.stack
