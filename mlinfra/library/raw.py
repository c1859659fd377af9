"""Raw resources: the entries of `resources`, any type by its token, beside what modules make.

Called by `assembly` once all modules were built.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from mlinfra.core import connections
from mlinfra.core.address import Address
from mlinfra.core.connections import KUBERNETES
from mlinfra.core.resource import Connection, Resource
from mlinfra.core.stack import RawResource
from mlinfra.core.value import Path
from mlinfra.library.codes import Code
from mlinfra.library.outputs import Cluster
from mlinfra.library.problem import Problem, RefusedError
from mlinfra.library.references import References
from mlinfra.library.scope import Gathering

RESOURCES = "resources"
_CLUSTER = "cluster"  # what `connection` may say


class RawResources:
    """Makes resources of the entries.

    failed: entries and sections that could not be built; nothing is said of what depends on them.
    What depends on any other entry depends on all that it made.
    """

    def __init__(self, gathering: Gathering, failed: Collection[Address], references: References) -> None:
        self._gathering = gathering
        self._stack = gathering.stack
        self._connection = gathering.connection
        self._failed = failed
        self._references = references
        raw = (Address(f"{RESOURCES}.{name}") for name in self._stack.resources)
        self._known = sorted({*gathering.resources, *raw})

    def resource(self, name: str, raw: RawResource) -> Resource:
        """One entry. Raises `RefusedError` where it cannot be made."""
        path = (RESOURCES, name)
        source = self._stack.positions.at(path)
        address = Address(".".join(path))
        depends_on = dict.fromkeys(self._named((*path, "dependsOn"), raw.depends_on))
        return Resource(
            address=address,
            type=raw.type,
            properties=self._references.replace(raw.properties, (*path, "properties")),
            connection=self._connection_of(raw, path),
            depends_on=tuple(one for one in depends_on if one != address),
            source=source,
        )

    def _connection_of(self, raw: RawResource, path: Path) -> Connection:
        """Types of a cluster go into the one that the stack has, all others into the target itself."""
        kind, target = connections.kind_of(raw.type), self._connection
        if connections.is_in_cluster(kind) and raw.connection in ("", _CLUSTER):
            if target.kind == KUBERNETES:
                return Connection(kind, target.identity)
            if Cluster in self._gathering.lost:  # it goes nowhere now, and can be looked at all the same
                return Connection(kind, connections.CLUSTER.reference(Address(_CLUSTER)))
            if clusters := self._gathering.every(Cluster):
                return Connection(kind, clusters[0].identity)
            hint = "declare `cluster`, or a target of platform: kubernetes"
        elif connections.is_in_cluster(kind):
            hint = f"write connection: {_CLUSTER}, or nothing"
        elif kind == target.kind and not raw.connection:
            return target
        elif kind == target.kind:
            hint = "take `connection` out: types of aws: are made in the account and region of the target"
        else:
            hint = "types of aws: and kubernetes: can be made, the former where the target is an account"
        summary = f"{'.'.join(map(str, path))} is of type {raw.type}, for which the stack has no connection"
        raise RefusedError(
            (Problem(Code.NO_CONNECTION, summary, hint=hint).diagnostic(self._stack.positions.at(path)),)
        )

    def _named(self, path: Path, names: Iterable[str]) -> Iterator[Address]:
        """The resources at or below each name."""
        for index, name in enumerate(names):
            if name == ".".join(map(str, path[:2])):
                summary, hint = f"dependsOn of {name} names {name} itself", "take it out"
                problem = Problem(Code.DEPENDS_ON_ITSELF, summary, hint=hint)
                raise RefusedError((problem.diagnostic(self._stack.positions.at((*path, index))),))
            found = self._within(name)
            if not found and not self._stands(name):
                near = get_close_matches(name, self._known, n=3)
                hint = f"there is {', '.join(near)}" if near else "name a section, an entry, or an address"
                problem = Problem(
                    Code.DEPENDS_ON_NOTHING, f"dependsOn names {name}, which the stack does not have", hint=hint
                )
                raise RefusedError((problem.diagnostic(self._stack.positions.at((*path, index))),))
            yield from found

    def _stands(self, name: str) -> bool:
        """Whether it names an entry that made nothing, or what a failed one might have made."""
        built, failed = self._gathering.outputs, self._failed
        within = any(one.is_within(name) for one in (*built, *failed))
        return within or any(Address(name).is_within(one) for one in failed)

    def _within(self, name: str) -> list[Address]:
        """What is at `name` or below it. In the order of text, all that begins with "name." stands together."""
        here = bisect_left(self._known, name)
        found = [self._known[here]] if here < len(self._known) and self._known[here] == name else []
        below = slice(bisect_left(self._known, f"{name}."), bisect_left(self._known, f"{name}/"))
        return [*found, *self._known[below]]
