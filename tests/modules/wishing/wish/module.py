"""A section that wishes for whatever it is told to, so that each component can be looked at by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from msgspec import Meta, Struct

from mlinfra.core.facts import Facts
from mlinfra.library import Block, Place, Scope, Wish
from mlinfra.library.folders import bundled_modules, folders_in

SECTION = Place("wishes")
USES = tuple(folder.name for folder in folders_in([bundled_modules()]))


class Inputs(Block, frozen=True, kw_only=True):
    """What is wished for, with settings."""

    components: Annotated[dict[str, dict[str, Any]], Meta(description="settings by component")] = {}


class Outputs(Struct, frozen=True):
    """Nothing."""


def wishes(inputs: Inputs, facts: Facts) -> Iterator[Wish]:
    """All of them."""
    for name, settings in inputs.components.items():
        yield Wish(name, settings)


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Make nothing."""
    return Outputs()
