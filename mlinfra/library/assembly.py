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
from mlinfra.core.stack import Remains, Stack
from mlinfra.core.value import Path, Value
from mlinfra.library.check import problems_of, problems_of_remains
from mlinfra.library.components import notes, with_components
from mlinfra.library.entries import Entries, Entry, entries_of
from mlinfra.library.library import Library
from mlinfra.library.module import Module
from mlinfra.library.outputs import Cluster, NodeGroup
from mlinfra.library.precedence import in_order
from mlinfra.library.problem import Problem, RefusedError
from mlinfra.library.raw import RESOURCES, RawResources
from mlinfra.library.references import References
from mlinfra.library.rivalry import guests
from mlinfra.library.running import run
from mlinfra.library.scope import Gathering, Scope

OUTPUTS = "outputs"
_ADDON = "aws:eks/addon:Addon"


class UnfinishedError(ConfigError):
    """A stack with mistakes. `made`: what its other parts desire, which can be looked at all the same."""

    def __init__(self, diagnostics: Iterable[Diagnostic], made: Graph) -> None:
        super().__init__(diagnostics)
        self.made = made


def wants(stack: Stack, library: Library) -> Wants:
    """The facts that the stack needs, as far as its entries can be read; what is wrong with others, `build` says."""
    total = Wants()
    for entry in entries_of(stack, library).usable:
        if entry.module.wants is not None:
            total |= run(library, entry.module, entry.module.wants, entry.inputs)
    return total.whole


def build(
    stack: Stack,
    library: Library,
    facts: Facts,
    taggable: frozenset[str],
    broken: Mapping[Path, Remains] | None = None,
) -> Graph:
    """What the stack desires. Raises `UnfinishedError` with every mistake.

    taggable: the tokens of types that bear tags. broken: the sections and entries with a mistake that was told already,
    and what can be read of them; what needs them is looked at as far as that goes without, and the graph is not whole.
    """
    read = entries_of(stack, library, broken or ())
    entries, disputes = with_components(read.usable, stack, library, facts)
    connection = _connection(stack, facts)
    assembly = _Assembly(library, facts, Gathering(stack, connection, taggable, library.sections_for))
    assembly.leave_out(read)
    assembly.check_remains(broken or {})
    assembly.diagnostics.extend(disputes)
    assembly.build(entries)
    assembly.finish()
    outputs = assembly.take_raw(stack)
    assembly.diagnostics.extend(guests(entries, assembly.gathering.resources, stack))
    if assembly.diagnostics:
        raise UnfinishedError(_together(assembly.diagnostics), Graph(assembly.gathering.resources))
    if broken:
        return Graph(assembly.gathering.resources, outputs)
    made = assembly.gathering
    resources = in_order(made.resources, _before_pods(made), _on_the_road(made))
    moves = (*stack.moves, *(move for entry in entries for move in _moves(entry)))
    return Graph(resources, outputs, moves, (*notes(entries, resources, stack), *made.notes))


def _connection(stack: Stack, facts: Facts) -> Connection:
    """What the stack is made in: an account and region, or a cluster that exists."""
    if stack.target.platform == KUBERNETES:
        return Connection(KUBERNETES, facts.cluster)
    return Connection(AWS, f"{facts.account}/{facts.region}")


def _before_pods(gathering: Gathering) -> list[Address]:
    """Nodes, and the cluster's add-ons: without them a pod stays where it is, or reaches nobody."""
    groups = [group.address for group in gathering.every(NodeGroup)]
    return groups + [one.address for one in gathering.resources.values() if one.type == _ADDON]


def _on_the_road(gathering: Gathering) -> list[Address]:
    """The nodes that the way to the cluster leads through."""
    if not any(cluster.through_nodes for cluster in gathering.every(Cluster)):
        return []
    return [group.address for group in gathering.every(NodeGroup) if group.hosts_anything]


def _together(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """What is said of one place for the sake of several components, said once for all of them."""
    told: dict[tuple[object, ...], Diagnostic] = {}
    for one in diagnostics:
        same = (one.code, one.summary, one.source, one.hint)
        if same in told and one.detail and told[same].detail:
            names = [*told[same].detail.removeprefix("for ").split(", "), one.detail.removeprefix("for ")]
            one = msgspec.structs.replace(told[same], detail=f"for {', '.join(sorted(names))}")
        told[same] = one
    return list(told.values())


class _Assembly:
    """One pass over the entries, in the order of their modules.

    _failed: entries that cannot be built, and sections that cannot be read.
    """

    def __init__(self, library: Library, facts: Facts, gathering: Gathering) -> None:
        self.library = library
        self.facts = facts
        self.gathering = gathering
        self.diagnostics: list[Diagnostic] = []
        self._built: list[tuple[Entry, msgspec.Struct]] = []
        self._failed: set[Address] = set()

    def leave_out(self, read: Entries) -> None:
        """Take up what is wrong with entries that cannot be used. Of a whole section, every kind of output is lost."""
        self.diagnostics.extend(read.wrong)
        for path in read.broken:
            parts = tuple(map(str, path))
            module = self.library.module_for(*parts) if len(parts) > 1 else None
            modules = (module,) if module is not None else self.library.sections.get(parts[0], ())
            # An entry that is called as nothing can be is one that nobody refers to, and no reason to doubt the others.
            self._fail(_own_address(parts), modules)

    def check_remains(self, broken: Mapping[Path, Remains]) -> None:
        """Say what fields have against each other of entries that cannot be read whole."""
        for path, remains in broken.items():
            module = self.library.module_for(*map(str, path))
            if module is not None and module.checks:
                for one in run(self.library, module, _remaining_problems, module, remains):
                    source = self.gathering.stack.positions.at((*path, *one.at))
                    self.diagnostics.append(one.diagnostic(source, _address(tuple(map(str, path)))))

    def build(self, entries: Iterable[Entry]) -> None:
        """Build every entry. One that needs something that has failed ends where it asks for that."""
        for entry in entries:
            outputs = self._run(entry, _checked(entry.module), entry.module.needs)
            if outputs is not None:
                self.gathering.put(entry.address, outputs)
                self._built.append((entry, outputs))

    def finish(self) -> None:
        """Let those modules finish that wait for others; not after a failure, which would only echo."""
        for entry, outputs in [] if self._failed or self.gathering.lost else self._built:
            if entry.module.finish is not None:
                self._run(entry, entry.module.finish, (msgspec.Struct,), outputs)

    def _run(
        self, entry: Entry, function: Callable[..., Any], may_ask: Iterable[type[msgspec.Struct]], *more: Any
    ) -> Any:
        scope = Scope(self.gathering, entry.path, may_ask, entry.written)
        found: tuple[Diagnostic, ...] = ()
        try:
            answer = run(self.library, entry.module, function, scope, entry.inputs, self.facts, *more)
            if not scope.reported:
                return answer
        except RefusedError as refused:
            found = refused.diagnostics
        except ConfigError as error:
            found = () if scope.reported else error.diagnostics  # what came of going on all the same
        self.diagnostics.extend((*scope.reported, *found))
        self._fail(entry.address, (entry.module,))
        return None

    def _fail(self, address: Address | None, modules: Iterable[Module]) -> None:
        self._failed.update({address} if address is not None else ())
        self.gathering.lost.update(module.outputs for module in modules)

    def take_raw(self, stack: Stack) -> Mapping[str, Value]:
        """Add the entries of `resources`; answer the stack's outputs. References are resolved in both."""
        raw = [Address(f"{RESOURCES}.{name}") for name in stack.resources]
        references = References(self.gathering.outputs, raw, self._failed)
        made = RawResources(self.gathering, self._failed, references)
        for name, one in stack.resources.items():
            try:
                self.gathering.add(made.resource(name, one))
            except RefusedError as refused:
                self.diagnostics.extend(refused.diagnostics)
        outputs = {name: references.replace(value, (OUTPUTS, name)) for name, value in stack.outputs.items()}
        self.diagnostics.extend(one.diagnostic(stack.positions.at(one.at)) for one in references.problems)
        return outputs


def _remaining_problems(module: Module, remains: Remains) -> list[Problem]:
    return list(problems_of_remains(module.checks, module.inputs, remains))


def _own_address(parts: tuple[str, ...]) -> Address | None:
    """The address of an entry; `None` where it is called as nothing can be."""
    try:
        return Address(".".join(parts))
    except ValueError:
        return None


def _address(parts: tuple[str, ...]) -> Address:
    """The address of an entry; that of its section where it has none."""
    return _own_address(parts) or Address(parts[0])


def _checked(module: Module) -> Callable[..., msgspec.Struct]:
    """The module's `build`, held to what it says that it answers."""

    def build(*arguments: Any) -> msgspec.Struct:
        assert module.build is not None
        scope, inputs, _ = arguments
        scope.report(*problems_of(module.checks, inputs))
        outputs = module.build(*arguments)
        if not isinstance(outputs, module.outputs):
            raise TypeError(f"build answers {outputs!r}, expected {module.outputs.__name__}")
        return outputs

    return build


def _moves(entry: Entry) -> Iterator[Move]:
    for origin, target in entry.module.moved:
        yield Move(f"{entry.address}.{origin}", f"{entry.address}.{target}")
