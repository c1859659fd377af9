"""Neighbours: the other stacks that a stack reads outputs of, `${stacks.shared.outputs.vpcId}`.

`substitution` asks; the session supplies the reader, which knows state backends. Each state is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from mlinfra.core.value import Value


class Applied(msgspec.Struct, frozen=True):
    """A neighbour as it was last applied. `version` changes whenever its outputs may have: lineage and serial."""

    outputs: Mapping[str, Value]
    version: str


# From the location of a state to what it says; `None` where the stack has not been applied yet. Raises `StateError`.
StacksReader = Callable[[str], Applied | None]


class Neighbours:
    """The declared neighbours of one stack. `versions` tells what was read, by location."""

    def __init__(self, locations: Mapping[str, str], reader: StacksReader | None) -> None:
        self.locations = locations
        self.is_offline = reader is None
        self._reader = reader
        self._applied: dict[str, Applied | None] = {}

    def applied(self, name: str) -> Applied | None:
        """The neighbour as it was last applied; `name` is declared, and there is a reader."""
        location = self.locations[name]
        if location not in self._applied:
            self._applied[location] = self._reader(location) if self._reader else None
        return self._applied[location]

    @property
    def versions(self) -> dict[str, str]:
        """What was read: the version of each, by location."""
        return {location: applied.version for location, applied in self._applied.items() if applied}
