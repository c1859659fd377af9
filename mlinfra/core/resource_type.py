"""Resource types: everything that the engine must know of one type, in one place and as data.

Providers declare them, the engine reads them. How the calls are made is the provider's own affair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Any

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.property import Kind, Property, is_watched
from mlinfra.core.value import Concat, Path, Properties, Ref, Value


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


class Opens(msgspec.Struct, frozen=True):
    """What lies behind objects of a type: a cluster opens the connections to its own API.

    kinds: of those connections. identity: the outputs that, joined by `@`, tell one object from every other, also from
    one of the same name that was made later.
    """

    kinds: tuple[str, ...]
    identity: tuple[str, ...]

    def identity_of(self, outputs: Mapping[Any, Any]) -> Value:
        """The identity of the connections behind an object with these outputs; `None` where they do not say."""
        parts = [outputs.get(name) for name in self.identity]
        return None if None in parts else "@".join(map(str, parts))

    def reference(self, address: Address) -> Value:
        """The same identity, as an expression over the object at `address`."""
        first, *others = (Ref(address, (name,)) for name in self.identity)
        return Concat((first, *(part for other in others for part in ("@", other))))


class Exclusive(msgspec.Struct, frozen=True, kw_only=True):
    """Of a type whose objects lie below others: what lies below one of ours is to be ours as well.

    of, by: the type of what they lie below, and its identity as a format over their properties (`{role}`).
    said: one of them, in words that follow the address of what it lies below: `has the policy ... attached`.
    welcome: which of those of others belong there all the same: rules that the controllers of a cluster write.
    holds: what they lie below cannot be deleted while they are there.
    """

    of: str
    by: str
    said: Callable[[Properties], str]
    welcome: Callable[[Properties], bool] | None = None
    holds: bool = False

    def host_of(self, properties: Properties) -> str:
        """The identity of what an object with these properties lies below; "" where they do not say."""
        try:
            return self.by.format_map(properties)
        except KeyError:
            return ""


# From an object's properties to the id that they spell out; `None` where they do not, or not yet.
Identify = Callable[[Properties], str | None]

# From observed properties to the declaration that holds for that very object: what is immutable once it says so itself,
# what can be read of one that is not encrypted.
Variant = Callable[[Properties], Property]

# From an object's properties to marks of rooms: of a namespace, and of a kind that somebody defines.
Rooms = Callable[[Properties], tuple[str, ...]]

# From properties observed and desired to the targets to pass through, the last being `desired` itself: a cluster
# upgrade of three minor versions is three targets.
Hops = Callable[[Properties, Properties], Sequence[Properties]]


class ResourceType(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One type.

    token: Pulumi's (`aws:ec2/vpc:Vpc`).
    inputs: a block that declares the inputs.
    key: the inputs that together locate an object within account and region; empty where only its id does.
    identify: the id that properties spell out, where they do; it locates as a key does.
    variant: the inputs as declared for one observed object, where not all objects are alike.
    name: how to derive its name, where it has one.
    owned_by: how ownership shows; `parent` is then the input that holds the parent's identity.
    exclusive: whose alone they are, where others may add to what lies below an object of ours.
    volatile: the outputs that an update may alter, each with the inputs that alter it, or with none where all but tags
        may; all others stay known while an update is planned.
    marked: whether objects say whose they are by marks that are no `tags` of their inputs (labels and annotations).
    hops: how an update is split into ordered steps.
    opens: the connections behind an object of this type.
    perishes: whether objects need no call of their own when what their connection leads into is deleted as well.
    holds, lies_in: the rooms that an object is (a namespace is one, a definition of a kind another), and those that it
        lies in: what lies in a room goes when that goes, within one connection.
    irreplaceable: what nobody gets back once an object is deleted, in words: `the messages in it`. Empty where it can
        be made again as it was.
    """

    token: str
    inputs: Property
    key: tuple[str, ...] = ()
    identify: Identify | None = None
    variant: Variant | None = None
    name: NameRule | None = None
    owned_by: OwnedBy = OwnedBy.TAGS
    parent: str = ""
    exclusive: Exclusive | None = None
    volatile: Mapping[str, tuple[str, ...]] = {}
    marked: bool = False
    hops: Hops | None = None
    opens: Opens | None = None
    perishes: bool = False
    holds: Rooms | None = None
    lies_in: Rooms | None = None
    irreplaceable: str = ""

    @cached_property
    def loose(self) -> frozenset[str]:
        """What is held against what the state records, since nothing else tells: what floats or bears witness."""
        fields = self.inputs.fields
        floating = {name for name, declared in fields.items() if declared.floating}
        return frozenset(floating | {declared.witness for declared in fields.values()} - {""})

    @cached_property
    def watched(self) -> Mapping[str, Value]:
        """The inputs that are as their defaults say while nobody says otherwise, each with its default.

        Of types whose objects many write to, by marks that say who wrote what, there are none.
        """
        fields = {} if self.marked else self.inputs.fields
        return {name: field.default for name, field in fields.items() if is_watched(field)}

    def inputs_for(self, observed: Properties) -> Property:
        """The inputs as declared for an object that is observed so."""
        return self.inputs if self.variant is None else self.variant(observed)

    @property
    def taggable(self) -> bool:
        """Whether objects of this type say by marks of their own whose they are."""
        return self.marked or "tags" in self.inputs.fields

    @property
    def maps_tags(self) -> bool:
        """Whether its tags are a map, into which those of the stack fit; a scaling group has a list of its own form."""
        return "tags" in self.inputs.fields and self.inputs.fields["tags"].kind is Kind.MAP

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
