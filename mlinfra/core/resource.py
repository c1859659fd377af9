"""What is desired: resources and the graph they form.

Modules and the `resources` section make them; the planner reads them. Nothing observed ever flows in here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.source import Source
from mlinfra.core.value import Lookup, Properties, Value, refs, resolve


class Connection(msgspec.Struct, frozen=True, gc=False):
    """What a resource is made in. What sits behind a connection is read through it.

    `kind` selects the provider (`aws`, `kubernetes`, `helm`). `identity` tells one from another: account and region;
    cluster ARN and creation time; kube-system UID. It may be an expression while what it names is not made yet.
    """

    kind: str
    identity: Value

    def resolved(self, lookup: Lookup) -> Connection:
        """This connection, with its identity resolved as far as `lookup` knows it."""
        identity = resolve(self.identity, lookup)
        return self if identity is self.identity else Connection(self.kind, identity)


class Lifecycle(msgspec.Struct, frozen=True, gc=False):
    """How a resource may come and go. `protect`: neither deleted nor replaced while set.

    keep_name: what its properties give it for a name is only what a new one is called: one that is there, also under
    another address, keeps its own.
    """

    protect: bool = False
    keep_name: bool = False


class Resource(msgspec.Struct, frozen=True, gc=False):
    """One desired object: `type` is a Pulumi token, `properties` bear that schema's names."""

    address: Address
    type: str
    properties: Properties
    connection: Connection
    depends_on: tuple[Address, ...] = ()
    lifecycle: Lifecycle = Lifecycle()
    source: Source | None = None

    def names_itself(self, property: str) -> bool:
        """Whether the name in `property` is as the stack wants it, and not merely derived."""
        return property in self.properties and not self.lifecycle.keep_name

    def dependencies(self) -> frozenset[Address]:
        """The addresses that it refers to or names in `depends_on`."""
        referred = {ref.address for ref in refs(self.properties)}
        behind = {ref.address for ref in refs(self.connection.identity)}
        return frozenset(referred | behind | set(self.depends_on))


class Move(msgspec.Struct, frozen=True):
    """A rename: what was at or below `origin` is now at or below `target`."""

    origin: str
    target: str
    source: Source | None = None


class Ownership(msgspec.Struct, frozen=True):
    """Whose a stack's objects are. `expires` is an ISO 8601 time in UTC, empty where there is no TTL."""

    stack: str
    lineage: str
    expires: str = ""


class Graph(msgspec.Struct, frozen=True):
    """All that a stack desires, by address; `outputs` are the stack's own, `moves` its renames.

    notes: what a reviewer should know of how it came about.
    """

    resources: Mapping[Address, Resource]
    outputs: Mapping[str, Value] = {}
    moves: tuple[Move, ...] = ()
    notes: tuple[Diagnostic, ...] = ()

    @classmethod
    def of(
        cls, resources: Iterable[Resource], outputs: Mapping[str, Value] | None = None, moves: tuple[Move, ...] = ()
    ) -> Graph:
        """The graph of `resources`; an address given twice raises `ValueError`."""
        table: dict[Address, Resource] = {}
        for resource in resources:
            if resource.address in table:
                raise ValueError(f"two resources are called {resource.address}")
            table[resource.address] = resource
        return cls(table, outputs or {}, moves)

    def noted(self, *notes: Diagnostic) -> Graph:
        """The same, with more that a reviewer should know."""
        return msgspec.structs.replace(self, notes=(*self.notes, *notes))

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources.values())
