"""Comparison: what two git revisions of a stack desire, without credentials and without a state.

The command `diff` calls it. The older revision is taken to have been applied as it stands; what the newer one would
then change is planned by the planner itself, and held to the rules, the budget and the prices of the newer one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from mlinfra.advice.cost import budget_findings, budget_of, estimate
from mlinfra.advice.prices import read_prices
from mlinfra.config.codes import Code as ConfigCode
from mlinfra.config.files import find_root
from mlinfra.config.loader import load_stack, unbuilt
from mlinfra.core.address import Address
from mlinfra.core.clock import Clock, SystemClock
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import ConfigError, PlanError
from mlinfra.core.plan import Change, Plan, Seal
from mlinfra.core.resource import Graph, Ownership
from mlinfra.core.source import Source
from mlinfra.core.stack import Stack
from mlinfra.core.state import State
from mlinfra.engine.decision import Parting
from mlinfra.engine.planner import Request, make_plan
from mlinfra.engine.survey import remembered
from mlinfra.library import assembly
from mlinfra.library.library import Library
from mlinfra.session.codes import Code
from mlinfra.session.connections.cloud import Cloud
from mlinfra.session.plans import policies
from mlinfra.session.plans.partings import Partings
from mlinfra.session.pull_requests.revisions import Repository, Revision, Tree
from mlinfra.session.reading import catalogue
from mlinfra.session.reading.stand_ins import unreadable_neighbour, with_stand_ins
from mlinfra.session.reading.symbolic import Symbols, asked_of
from mlinfra.session.scrutiny.foreseen import with_foresight, without_guesses
from mlinfra.session.scrutiny.telling import pertinent, with_words

_LINEAGE = "diff"  # of the state that never was; it is never shown
_REGION = "us-east-1"  # where neither the stack nor the environment names one


class Comparison(msgspec.Struct, frozen=True):
    """What differs. `plan` has no seal: it is read, and never applied. `graph` is what `head` desires."""

    plan: Plan
    graph: Graph
    base: str
    head: str
    file: str


class _Side(msgspec.Struct, frozen=True):
    """One revision of the stack."""

    tree: Tree
    stack: Stack
    library: Library
    diagnostics: tuple[Diagnostic, ...]


def compare(
    options: Any, base: str, head: str = "", *, merge_base: bool = False, clock: Clock | None = None
) -> Comparison:
    """Compare two revisions of the stack file that `options` names.

    An empty `head` is the files as they stand. `merge_base`: from where `head` left the history of `base`. Raises
    `PlanError` and `ConfigError`.
    """
    here = Path()
    repository = Repository(here)
    place = repository.place_of(options.file)
    newer = repository.find(head) if head else Revision()
    older = repository.find(base)
    older = repository.fork(older, newer) if merge_base else older
    with ExitStack() as opened:
        further = [place, *(repository.place_of(one) for one in options.inputs if not Path(one).is_absolute())]
        trees = [opened.enter_context(repository.tree(one, further)) for one in (older, newer)]
        if not any((tree.top / place).is_file() for tree in trees):
            raise PlanError(
                f"neither {older.label} nor {newer.label} has {options.file}",
                code=Code.NO_STACK_AT_ALL,
                hint="name the stack file as it is called in one of the two",
            )
        older_side, newer_side = _read(trees, place, options)
        comparing = _Comparing(older_side, newer_side, trees, options.file, here, clock or SystemClock())
        return comparing.comparison()


def _read(trees: list[Tree], place: Any, options: Any) -> list[_Side | None]:
    """Both sides. A value given for an input that only one of them declares is given to that one."""
    unknown: list[set[str]] = []
    sides: list[_Side | None] = []
    for tree in trees:
        if not (tree.top / place).is_file():
            sides.append(None)
            continue
        refused: set[str] = set()
        try:
            sides.append(_side(tree, options, options.sets))
        except ConfigError as error:
            refused = {name for one in error.diagnostics if (name := _unknown_set(one))}
            if not all(map(_unknown_set, error.diagnostics)):
                raise
            sides.append(_side(tree, options, [one for one in options.sets if one.partition("=")[0] not in refused]))
        unknown.append(refused)
    if nobody := set.intersection(*unknown):
        summary = f"the stack declares no input {', '.join(sorted(nobody))}"
        raise ConfigError([Diagnostic(code=ConfigCode.UNKNOWN_INPUT, summary=summary, hint="take the --set out")])
    return sides


def _unknown_set(diagnostic: Diagnostic) -> str:
    """The input that a `--set` names and the stack does not declare, where that is the mistake."""
    place = diagnostic.source.file if diagnostic.source is not None else ""
    return place.removeprefix("--set ") if diagnostic.code == ConfigCode.UNKNOWN_INPUT and "--set " in place else ""


def _side(tree: Tree, options: Any, sets: Any) -> _Side:
    given = _Given(tree)
    with given:
        library = Library.of_project(tree.here)
        stack, diagnostics = load_stack(
            given.path(options.file),
            catalogue.language(library),
            sets=sets,
            input_files=[given.path(one) for one in options.inputs],
            environ=os.environ,
            root=tree.top if tree.revision.commit else find_root(options.file),
        )
        stack = msgspec.structs.replace(stack, file=options.file, positions=_Positions(stack.positions, given))
        if problems := unbuilt(stack, catalogue.language(library)):
            raise ConfigError(problems)
    return _Side(tree, stack, library, tuple(map(given.told, diagnostics)))


class _Given:
    """Paths and mistakes in the words of the user, who knows nothing of where a revision was put. A context.

    Within it, mistakes are raised as mistakes of this revision.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._away = bool(tree.revision.commit)

    def path(self, file: str) -> str:
        """Where a file of the command line is to be read."""
        return str(self._tree.here / file) if self._away and not Path(file).is_absolute() else file

    def source(self, source: Source | None, *, named: bool = False) -> Source | None:
        """A place, by the path that the user would give it; `named`, with the revision, as git writes it."""
        if source is None or not self._away or not source.file.startswith(str(self._tree.top)):
            return source
        file = os.path.relpath(source.file, self._tree.here)
        label = f"{self._tree.revision.name}:" if named else ""
        return msgspec.structs.replace(source, file=f"{label}{file}")

    def told(self, diagnostic: Diagnostic, *, named: bool = False) -> Diagnostic:
        """A diagnostic about this revision."""
        if not self._away:
            return diagnostic
        words = {name: self._words(getattr(diagnostic, name)) for name in ("summary", "detail", "hint")}
        source = self.source(diagnostic.source, named=named)
        return msgspec.structs.replace(diagnostic, **words, source=source)

    def _words(self, text: str) -> str:
        top, here = str(self._tree.top), str(self._tree.here)
        for place in (here, top, os.path.relpath(here), os.path.relpath(top)):
            text = text.replace(f"{place}/", "")
        return text.replace(top, "the repository")

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ConfigError) and self._away:
            raise ConfigError(self.told(one, named=True) for one in error.diagnostics) from error


class _Positions:
    """The positions of a stack that was read elsewhere."""

    def __init__(self, found: Any, given: _Given) -> None:
        self._found, self._given = found, given

    def at(self, path: Any) -> Source | None:
        """Where it was written, by the user's path."""
        return self._given.source(self._found.at(path))


class _Comparing:
    """One comparison: two sides, of which one may be absent."""

    def __init__(
        self, base: _Side | None, head: _Side | None, trees: list[Tree], file: str, here: Path, clock: Clock
    ) -> None:
        self._base, self._head, self._file, self._here = base, head, file, here
        self._labels = [tree.revision.label for tree in trees]
        self._today = clock.now().date()
        self._symbols = Symbols()
        some = head or base
        assert some is not None
        self._stack = some.stack
        self._account = next((one.stack.target.account for one in (head, base) if one and one.stack.target.account), "")
        self._cloud = Cloud(some.stack.target, here, clock, some.library)

    def comparison(self) -> Comparison:
        """What differs."""
        before, after = self._graph(self._base), self._graph(self._head)
        ownership = Ownership(self._stack.name, _LINEAGE)
        state = State(stack=self._stack.name, lineage=_LINEAGE)
        if not self._is_another():
            state = self._applied(before, ownership, after)
        plan = self._labelled(self._head, lambda: self._plan(after, state, ownership))
        plan = without_guesses(plan, self._symbols)
        changes = tuple(self._placed(self._symbols.shown(change), before) for change in plan.changes)
        found = _placed_like(self._notes(plan, changes, after, state), changes)
        cost = estimate(after, state, self._prices(), self._today, budget_of(self._stack.lifecycle))
        found = (*found, *budget_findings(cost, self._stack.positions.at(("lifecycle", "budget"))))
        plan = msgspec.structs.replace(
            plan, seal=Seal(), changes=changes, diagnostics=found, cost=cost, stack_file=self._file
        )
        base, head = self._labels
        return Comparison(plan, after, base, head, self._file)

    def _placed(self, change: Change, before: Graph) -> Change:
        """A change with its line; of what is gone, the line of the older revision that said it."""
        older = before.resources.get(change.address)
        if change.source is not None or older is None or older.source is None or self._base is None:
            return change
        label = self._base.tree.revision.name
        source = msgspec.structs.replace(older.source, file=f"{label}:{older.source.file}")
        return msgspec.structs.replace(change, source=source)

    def _graph(self, side: _Side | None) -> Graph:
        if side is None:
            return Graph({})
        graph = self._labelled(side, lambda: self._built(side))
        return self._symbols.without_neighbours(graph)

    def _built(self, side: _Side) -> Graph:
        region = side.stack.target.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        try:
            stack = with_stand_ins(side.stack, side.library, self._symbols)
            wants = assembly.wants(stack, side.library)
            facts = self._symbols.facts(self._account, region or _REGION, wants)
            return assembly.build(stack, side.library, facts, self._cloud.taggable)
        except ConfigError as error:
            raise ConfigError(unreadable_neighbour(one, self._symbols) for one in error.diagnostics) from error

    def _applied(self, before: Graph, ownership: Ownership, after: Graph) -> State:
        """The state that the older revision leaves, as its own plan says."""
        empty = State(stack=ownership.stack, lineage=ownership.lineage)
        made = self._labelled(self._base, lambda: self._plan(before, empty, ownership))
        resources = [
            msgspec.structs.replace(before.resources[step.address], properties=step.properties) for step in made.steps
        ]
        return self._symbols.applied(resources, ownership, asked_of(before, after))

    def _plan(self, graph: Graph, state: State, ownership: Ownership) -> Plan:
        return make_plan(
            Request(
                graph=graph,
                state=state,
                survey=remembered(state, ownership),
                types=self._cloud.types,
                ownership=ownership,
                region=self._stack.target.region or _REGION,
                partings=self._partings,
            )
        )

    def _partings(self, address: Address) -> Parting:
        """Why the newer revision has it no more; without a file it has nothing."""
        if self._head is None:
            return Parting(f"{self._file} is gone")
        return Partings(self._head.stack, catalogue.language(self._head.library))(address)

    def _labelled(self, side: _Side | None, work: Callable[[], Any]) -> Any:
        if side is None:
            return work()
        with _Given(side.tree):
            return work()

    def _notes(self, plan: Plan, shown: tuple[Change, ...], after: Graph, state: State) -> tuple[Diagnostic, ...]:
        """What the planner, the rules, whoever foresees what a plan would refuse, and the two files say."""
        if self._head is None:
            return (*plan.diagnostics, *self._gone())
        plan = with_words(plan, self._stack, after, state)
        tree = self._head.tree
        book = policies.rulebook_of(self._stack, tree.here, top=tree.top)
        plan = policies.held(plan, book, after, self._stack, self._today)
        plan = msgspec.structs.replace(plan, changes=shown)
        simulated = self._cloud.is_simulated
        plan = with_foresight(plan, self._stack, after, self._symbols, simulated=simulated)
        told = tuple(map(_Given(self._head.tree).told, plan.diagnostics))
        return (*self._head.diagnostics, *told, *pertinent(after.notes, plan), *self._gone())

    def _is_another(self) -> bool:
        """Whether the two describe different stacks, so that nothing of one becomes anything of the other."""
        if self._base is None or self._head is None:
            return False
        return any(mine and theirs and mine != theirs for _, theirs, mine in self._marks())

    def _marks(self) -> list[tuple[str, str, str]]:
        """What tells one stack from another, of both."""
        assert self._base is not None
        assert self._head is not None
        old, new = self._base.stack, self._head.stack
        return [
            ("name", old.name, new.name),
            ("platform", old.target.platform, new.target.platform),
            ("account", old.target.account, new.target.account),
            ("region", old.target.region, new.target.region),
            ("context", old.target.context, new.target.context),
        ]

    def _gone(self) -> tuple[Diagnostic, ...]:
        base, head = self._labels
        if self._head is None:
            return (
                Diagnostic(
                    severity=Severity.WARNING,
                    code=Code.FILE_GONE,
                    summary=f"{self._file} is not in {head}: what was made from it stays until somebody destroys it",
                    hint=f"before this is merged: mlinfra destroy {self._file}, from {base}",
                ),
            )
        if not self._is_another():
            return ()
        marks = "; ".join(
            f"{what} {old} becomes {new}" for what, old, new in self._marks() if old and new and old != new
        )
        return (
            Diagnostic(
                severity=Severity.WARNING,
                code=Code.OTHER_STACK,
                summary=f"this is another stack than in {base}: {marks}",
                detail="What was made from the older one is not touched by the newer one, and is not shown here.",
                source=self._stack.positions.at(("metadata", "name")),
                hint=f"destroy the older one from {base}, if it is to go",
            ),
        )

    def _prices(self) -> Any:
        region = self._stack.target.region or _REGION
        return read_prices(region, self._here / ".mlinfra" / "prices")


def _placed_like(found: tuple[Diagnostic, ...], changes: tuple[Change, ...]) -> tuple[Diagnostic, ...]:
    """What is said of an object that goes, with the line of the older revision that its change has."""
    lines = {change.address: change.source for change in changes}
    return tuple(
        one
        if one.source is not None or one.address is None
        else msgspec.structs.replace(one, source=lines.get(one.address))
        for one in found
    )
