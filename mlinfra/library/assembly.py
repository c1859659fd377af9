"""Assembly: a stack, and the modules it names, become the graph of what is desired.

Called by the session. Collects every mistake of every section before it raises; makes no call and reads no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.connections import AWS, KUBERNETES
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ConfigError
from mlinfra.core.facts import Facts, Wants
from mlinfra.core.resource import Connection, Graph, Move
from mlinfra.core.stack import Stack
from mlinfra.core.value import Value
from mlinfra.library.components import notes, with_components
from mlinfra.library.entries import Entry, entries_of
from mlinfra.library.library import Library
from mlinfra.library.module import Module
from mlinfra.library.outputs import NodeGroup
from mlinfra.library.precedence import in_order
from mlinfra.library.problem import RefusedError
from mlinfra.library.raw import RESOURCES, RawResources
from mlinfra.library.references import References
from mlinfra.library.running import run
from mlinfra.library.scope import Gathering, Scope

OUTPUTS = "outputs"
_ADDON = "aws:eks/addon:Addon"


def wants(stack: Stack, library: Library) -> Wants:
    """The facts that the stack needs. Raises `ConfigError` where its sections cannot be planned."""
    total = Wants()
    for entry in entries_of(stack, library):
        if entry.module.wants is not None:
            total |= run(library, entry.module, entry.module.wants, entry.inputs)
    return total


def build(stack: Stack, library: Library, facts: Facts, taggable: frozenset[str]) -> Graph:
    """What the stack desires. `taggable` are the tokens of types that bear tags. Raises `ConfigError` with it all."""
    entries = with_components(entries_of(stack, library), stack, library, facts)
    connection = _connection(stack, facts)
    assembly = _Assembly(library, facts, Gathering(stack, connection, taggable, library.sections_for))
    assembly.build(entries)
    assembly.finish()
    outputs = assembly.take_raw(stack)
    if assembly.diagnostics:
        raise ConfigError(assembly.diagnostics)
    resources = in_order(assembly.gathering.resources, _before_pods(assembly.gathering))
    moves = (*stack.moves, *(move for entry in entries for move in _moves(entry)))
    return Graph(resources, outputs, moves, notes(entries, resources, stack))


def _connection(stack: Stack, facts: Facts) -> Connection:
    """What the stack is made in: an account and region, or a cluster that exists."""
    if stack.target.platform == KUBERNETES:
        return Connection(KUBERNETES, facts.cluster)
    return Connection(AWS, f"{facts.account}/{facts.region}")


def _before_pods(gathering: Gathering) -> list[Address]:
    """Nodes, and the cluster's add-ons: without them a pod stays where it is, or reaches nobody."""
    groups = [group.address for group in gathering.every(NodeGroup)]
    return groups + [one.address for one in gathering.resources.values() if one.type == _ADDON]


class _Assembly:
    """One pass over the entries, in the order of their modules.

    _failed: entries that cannot be built. _lost: the kinds of outputs that are missing for it.
    """

    def __init__(self, library: Library, facts: Facts, gathering: Gathering) -> None:
        self.library = library
        self.facts = facts
        self.gathering = gathering
        self.diagnostics: list[Diagnostic] = []
        self._built: list[tuple[Entry, msgspec.Struct]] = []
        self._failed: set[Address] = set()
        self._lost: set[type[msgspec.Struct]] = set()

    def build(self, entries: Iterable[Entry]) -> None:
        """Build every entry, except those for which something that they need has failed already."""
        for entry in entries:
            module = entry.module
            if any(issubclass(kind, need) for kind in self._lost for need in module.needs):
                self._fail(entry)
                continue
            outputs = self._run(entry, _checked(module), module.needs)
            if outputs is not None:
                self.gathering.put(entry.address, outputs)
                self._built.append((entry, outputs))

    def finish(self) -> None:
        """Let those modules finish that wait for others; not after a failure, which would only echo."""
        for entry, outputs in [] if self._failed else self._built:
            if entry.module.finish is not None:
                self._run(entry, entry.module.finish, (msgspec.Struct,), outputs)

    def _run(
        self, entry: Entry, function: Callable[..., Any], may_ask: Iterable[type[msgspec.Struct]], *more: Any
    ) -> Any:
        scope = Scope(self.gathering, entry.path, may_ask, entry.written)
        try:
            return run(self.library, entry.module, function, scope, entry.inputs, self.facts, *more)
        except RefusedError as refused:
            self.diagnostics.extend(refused.diagnostics)
        except ConfigError as error:
            self.diagnostics.extend(error.diagnostics)
        self._fail(entry)
        return None

    def _fail(self, entry: Entry) -> None:
        self._failed.add(entry.address)
        self._lost.add(entry.module.outputs)

    def take_raw(self, stack: Stack) -> Mapping[str, Value]:
        """Add the entries of `resources`; answer the stack's outputs. References are resolved in both."""
        raw = [Address(f"{RESOURCES}.{name}") for name in stack.resources]
        references = References(self.gathering.outputs, raw, self._failed)
        made = RawResources(self.gathering, {*self.gathering.outputs, *self._failed}, references)
        for name, one in stack.resources.items():
            try:
                self.gathering.add(made.resource(name, one))
            except RefusedError as refused:
                self.diagnostics.extend(refused.diagnostics)
        outputs = {name: references.replace(value, (OUTPUTS, name)) for name, value in stack.outputs.items()}
        self.diagnostics.extend(one.diagnostic(stack.positions.at(one.at)) for one in references.problems)
        return outputs


def _checked(module: Module) -> Callable[..., msgspec.Struct]:
    """The module's `build`, held to what it says that it answers."""

    def build(*arguments: Any) -> msgspec.Struct:
        assert module.build is not None
        outputs = module.build(*arguments)
        if not isinstance(outputs, module.outputs):
            raise TypeError(f"build answers {outputs!r}, expected {module.outputs.__name__}")
        return outputs

    return build


def _moves(entry: Entry) -> Iterator[Move]:
    for origin, target in entry.module.moved:
        yield Move(f"{entry.address}.{origin}", f"{entry.address}.{target}")
