"""Partings: why something is no longer in a stack, in words, and the line that no longer asks for it.

What goes has no place in the file of its own; its address says which section or entry asked for it. That one may still
stand, and want less than before, or be gone itself. The session and its comparisons hand this to the planner. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlinfra.core.address import Address
from mlinfra.core.language import Language
from mlinfra.core.stack import Stack
from mlinfra.core.value import Path
from mlinfra.engine.decision import Parting

_RAW = "resources"


class Partings:
    """Of one stack, as it stands now."""

    def __init__(self, stack: Stack, language: Language) -> None:
        self._stack, self._language = stack, language

    def __call__(self, address: Address) -> Parting:
        """Of an address that the stack does not have."""
        sections = self._language.sections
        if address.section != _RAW and address.section not in sections:  # shared by several sections, as components are
            return Parting("nothing in the stack asks for it any more")
        many = address.section == _RAW or sections[address.section].many
        path = address.parts[:2] if many else address.parts[:1]
        name = ".".join(path)
        if not self._stands(path):
            return Parting(f"its block {name} is gone")
        source = self._stack.positions.at(path)
        where = f" at {source.file}:{source.line}" if source is not None else ""
        return Parting(f"{name}{where} does not ask for it any more", source)

    def _stands(self, path: Path) -> bool:
        found = self._stack.resources if path[0] == _RAW else self._stack.sections.get(str(path[0]))
        return found is not None and (len(path) == 1 or (isinstance(found, Mapping) and path[1] in found))
