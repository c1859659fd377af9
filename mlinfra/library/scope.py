"""The scope: all that a module sees while it builds one entry of its section.

Made by `assembly`, one for each entry; handed to the module's `build` and `finish`. It collects, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, TypeVar

import msgspec
from msgspec.structs import replace

from mlinfra.core import connections
from mlinfra.core.address import Address
from mlinfra.core.connections import KUBERNETES
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.resource import Connection, Lifecycle, Resource
from mlinfra.core.source import Source
from mlinfra.core.stack import Stack
from mlinfra.core.value import Path, PathPart, Properties, Ref, path_text
from mlinfra.library.codes import Code
from mlinfra.library.outputs import Cluster
from mlinfra.library.problem import Problem, RefusedError
from mlinfra.library.tagging import tagged

T = TypeVar("T", bound=msgspec.Struct)
SectionsFor = Callable[[type[msgspec.Struct]], tuple[str, ...]]


class Handle(msgspec.Struct, frozen=True):
    """A resource that was added, to refer to: `vpc.id`, `cluster["endpoint"]`, `cluster["vpcConfig", "vpcId"]`."""

    address: Address

    @property
    def id(self) -> Ref:
        """What the provider knows it by."""
        return Ref(self.address, ("id",))

    @property
    def arn(self) -> Ref:
        """Its ARN."""
        return Ref(self.address, ("arn",))

    def __getitem__(self, path: PathPart | Path) -> Ref:
        """Another of its outputs."""
        return Ref(self.address, path if isinstance(path, tuple) else (path,))


class Gathering:
    """What the entries of one stack have made so far: resources by address, outputs by entry.

    missing: the kinds of outputs that were asked for in vain, which is said once.
    lost: the kinds of outputs of which some are not there for a mistake that was said already.
    notes: what a reviewer should know, and nobody need mend.
    Shared by the scopes of one pass, and by nothing else.
    """

    def __init__(
        self, stack: Stack, connection: Connection, taggable: frozenset[str], sections_for: SectionsFor
    ) -> None:
        self.stack = stack
        self.sections_for = sections_for
        self.connection = connection
        self.taggable = taggable
        self.resources: dict[Address, Resource] = {}
        self.outputs: dict[Address, msgspec.Struct] = {}
        self.missing: set[type[msgspec.Struct]] = set()
        self.lost: set[type[msgspec.Struct]] = set()
        self.notes: list[Diagnostic] = []
        self.claims: dict[str, Address] = {}
        self._of_kind: dict[type[msgspec.Struct], list[Any]] = {}

    def add(self, resource: Resource) -> None:
        """Take up `resource`, with the stack's tags and protection."""
        if resource.address in self.resources:
            summary = f"two resources are called {resource.address}"
            hint = "rename one of them"
            raise RefusedError(
                (Diagnostic(code=Code.ADDRESS_TAKEN, summary=summary, hint=hint, source=resource.source),)
            )
        if resource.type in self.taggable:
            properties = tagged(self.stack, resource.address, resource.type, resource.properties)
            resource = replace(resource, properties=properties)
        if any(resource.address.is_within(part) for part in self.stack.protect):
            resource = replace(resource, lifecycle=replace(resource.lifecycle, protect=True))
        self.resources[resource.address] = resource

    def put(self, entry: Address, outputs: msgspec.Struct) -> None:
        """Take up the outputs of an entry."""
        self.outputs[entry] = outputs
        for kind, found in self._of_kind.items():
            if isinstance(outputs, kind):
                found.append(outputs)

    def every(self, kind: type[T]) -> tuple[T, ...]:
        """All outputs of one kind so far, in the order of their entries. Raises `RefusedError` where some are lost."""
        if any(issubclass(one, kind) for one in self.lost):
            raise RefusedError(())
        found = self._of_kind.get(kind)
        if found is None:
            found = self._of_kind[kind] = [one for one in self.outputs.values() if isinstance(one, kind)]
        return tuple(found)


class Scope:
    """One entry's view.

    stack: the stack, of which modules read name, environment, tags and target.
    address: of the entry (`network`, `nodeGroups.gpu`), below which its resources stand.
    name: the entry's name; for a section of one, the section's.
    connection: what the stack is made in.
    """

    def __init__(
        self, gathering: Gathering, path: Path, may_ask: Iterable[type[msgspec.Struct]], written: Path = ()
    ) -> None:
        self._gathering = gathering
        self._path = written or path
        self._written = Address(".".join(map(str, self._path)))
        self._may_ask = tuple(may_ask)
        self.stack = gathering.stack
        self.connection = gathering.connection
        self.address = Address(".".join(map(str, path)))
        self.name = str(path[-1])
        self._source = self.at(())
        self.reported: list[Diagnostic] = []

    def add(
        self,
        local_name: str,
        token: str,
        properties: Properties,
        *,
        depends_on: Iterable[Handle | Address] = (),
        protect: bool = False,
        keep_name: bool = False,
    ) -> Handle:
        """Desire one resource of Pulumi's type `token`. An empty local name is the entry's own address.

        keep_name: the name among `properties` is made of the entry's; one that is there, and is renamed, keeps its own.
        A type of Kubernetes or Helm goes into the stack's cluster: `Cluster` stands in the module's `NEEDS`.
        """
        address = Address(f"{self.address}.{local_name}") if local_name else self.address
        before = tuple(dict.fromkeys(one.address if isinstance(one, Handle) else one for one in depends_on))
        lifecycle = Lifecycle(protect=protect, keep_name=keep_name)
        connection = self._connection(connections.kind_of(token))
        self._gathering.add(Resource(address, token, properties, connection, before, lifecycle, self._source))
        return Handle(address)

    def _connection(self, kind: str) -> Connection:
        """Of the target itself, or into the stack's cluster, which is what it is made in or what it makes."""
        if not connections.is_in_cluster(kind):
            return self.connection
        target = self.connection
        return Connection(kind, target.identity if target.kind == KUBERNETES else self.one(Cluster).identity)

    def one(self, kind: type[T]) -> T:
        """The outputs of that kind, of which the stack must hold one. The kind stands in the module's `NEEDS`."""
        found = self.every(kind)
        if len(found) == 1:
            return found[0]
        if found:
            self.refuse(self._several(kind))
        if kind in self._gathering.missing:
            raise RefusedError(())
        self._gathering.missing.add(kind)
        raise RefusedError((self._missing(kind).diagnostic(self._source, self._written),))

    def every(self, kind: type[T]) -> tuple[T, ...]:
        """All outputs of that kind, none included. The kind stands in the module's `NEEDS`."""
        if not any(issubclass(kind, declared) for declared in self._may_ask):
            raise TypeError(f"it asks for a {kind.__name__}, which is not in its NEEDS")
        return self._gathering.every(kind)

    def report(self, *problems: Problem) -> None:
        """Say what is wrong with the entry itself, before others are asked, and go on to `settle`.

        So it is said as well where what others are asked for is not there, for a mistake of theirs.
        """
        self.reported.extend(problem.diagnostic(self.at(problem.at), self._written) for problem in problems)

    def note(self, *notes: Problem) -> None:
        """Say what a reviewer should know of the entry; it is planned all the same."""
        told = (note.diagnostic(self.at(note.at), self._written) for note in notes)
        self._gathering.notes.extend(replace(one, severity=Severity.NOTE) for one in told)

    def idle(self, *path: PathPart, because: str, hint: str = "") -> None:
        """Say of a field that the stack has set, and that changes nothing beside the others, that it does not.

        because: what decides in its place. Nothing is said where the stack leaves the field to its default.
        """
        if self.says(*path):
            summary = f"{path_text((*self._path, *path))} has no effect: {because}"
            told = Problem(Code.IDLE_SETTING, summary, at=path, hint=hint or f"take {path[-1]} out")
            idle = told.diagnostic(self.at(path), self._written)
            self._gathering.notes.append(replace(idle, severity=Severity.WARNING))

    def claim(self, what: str, *, at: Path = (), hint: str) -> None:
        """Have what one entry of a stack can have alone, however often it says so; give up where another has it."""
        owner = self._gathering.claims.setdefault(what, self._written)
        if owner != self._written:
            self.refuse(Problem(Code.CLAIMED_TWICE, f"{owner} has {what} already", at=at, hint=hint))

    def settle(self, *problems: Problem) -> None:
        """Give up this entry for these reasons or for any reported before; go on where there is none."""
        if problems or self.reported:
            self.refuse(*problems)

    def refuse(self, *problems: Problem) -> NoReturn:
        """Give up this entry for these reasons."""
        raise RefusedError(tuple(problem.diagnostic(self.at(problem.at), self._written) for problem in problems))

    def says(self, *field: PathPart) -> bool:
        """Whether the stack itself says this field of the entry, were it only what the default is."""
        data: Any = self.stack.sections
        for part in (*self._path, *field):
            if not isinstance(data, Mapping) or part not in data:
                return False
            data = data[part]
        return True

    def at(self, path: Path) -> Source | None:
        """Where a field of this entry was written, or its nearest ancestor."""
        return self.stack.positions.at((*self._path, *path))

    def _missing(self, kind: type[msgspec.Struct]) -> Problem:
        sections = " or ".join(self._gathering.sections_for(kind))
        summary = f"{self._written} needs a {kind.__name__.lower()}, and the stack has none"
        detail = f"for {self.name}" if self._written != self.address else ""
        return Problem(
            Code.SECTION_MISSING, summary, detail=detail, hint=f"add the section {sections}" if sections else ""
        )

    def _several(self, kind: type[msgspec.Struct]) -> Problem:
        detail = ", ".join(address for address, one in self._gathering.outputs.items() if isinstance(one, kind))
        summary = f"{self.address} needs one {kind.__name__.lower()}, and the stack has several"
        return Problem(Code.SECTION_MISSING, summary, detail=detail)
