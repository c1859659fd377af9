"""Resource types: everything that the engine must know of one type, in one place and as data.

Providers declare them, the engine reads them. How the calls are made is the provider's own affair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec

from mlinfra.core.property import Kind, Property
from mlinfra.core.value import Path, Properties


class OwnedBy(StrEnum):
    """How an object shows whose it is. A child without tags is its parent's owner's, where the stack declares it."""

    TAGS = "tags"
    PARENT = "parent"
    DERIVED_NAME = "derived-name"


class NameRule(msgspec.Struct, frozen=True):
    """How the name of an object is derived where the stack gives none.

    property: the input that holds it.
    longest: in characters.
    regional: whether it needs be unique within the region only; otherwise the region becomes part of it.
    lower: whether capital letters are refused.
    """

    property: str
    longest: int = 63
    regional: bool = True
    lower: bool = False


# From properties observed and desired to the targets to pass through, the last being `desired` itself: a cluster
# upgrade of three minor versions is three targets.
Hops = Callable[[Properties, Properties], Sequence[Properties]]


class ResourceType(msgspec.Struct, frozen=True, kw_only=True):
    """One type.

    token: Pulumi's (`aws:ec2/vpc:Vpc`).
    inputs: a block that declares the inputs.
    key: the inputs that together locate an object within account and region; empty where only its id does.
    name: how to derive its name, where it has one.
    owned_by: how ownership shows; `parent` is then the input that holds the parent's identity.
    volatile: the outputs that an update of anything but tags may alter; all others stay known while one is planned.
    taggable: whether the inputs have `tags`.
    hops: how an update is split into ordered steps.
    """

    token: str
    inputs: Property
    key: tuple[str, ...] = ()
    name: NameRule | None = None
    owned_by: OwnedBy = OwnedBy.TAGS
    parent: str = ""
    volatile: frozenset[str] = frozenset()
    hops: Hops | None = None

    @property
    def taggable(self) -> bool:
        """Whether objects of this type bear tags."""
        return "tags" in self.inputs.fields

    @property
    def maps_tags(self) -> bool:
        """Whether its tags are a map, into which those of the stack fit; a scaling group has a list of its own form."""
        return self.taggable and self.inputs.fields["tags"].kind is Kind.MAP

    def references(self) -> frozenset[str]:
        """The tokens of the types that its inputs refer to."""
        return frozenset(_references(self.inputs))


def _references(declared: Property) -> set[str]:
    found = {declared.refers} if declared.refers else set()
    for below in [*declared.fields.values(), *([declared.items] if declared.items else [])]:
        found |= _references(below)
    return found


def read_only_paths(declared: Property, path: Path = ()) -> list[Path]:
    """The paths that are declared but never compared with what is observed: write-only and initial ones."""
    if declared.write_only or declared.initial:
        return [path]
    return [found for name, field in declared.fields.items() for found in read_only_paths(field, (*path, name))]
