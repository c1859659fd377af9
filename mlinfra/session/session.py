"""The session: one stack, its modules, its cloud and its state, and what can be done with them.

The command line calls it. It puts pieces together and leaves the work to them: it neither prints nor decides.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import msgspec

from mlinfra.config.expanded import Expanded, expand
from mlinfra.core.backend import Holder, Lease, StateBackend
from mlinfra.core.capacity import Capacity
from mlinfra.core.clock import Clock, SystemClock
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ApplyIncomplete
from mlinfra.core.facts import Facts
from mlinfra.core.plan import Plan, Step, Verb
from mlinfra.core.report import Listener, Report
from mlinfra.core.resource import Graph, Ownership
from mlinfra.core.stack import Stack, Target
from mlinfra.core.state import State
from mlinfra.core.teardown import NOTHING_BEHIND, Teardown
from mlinfra.core.value import Value
from mlinfra.engine.application import Means, carry_out, refuse_errors, verify
from mlinfra.engine.journal import Journal
from mlinfra.engine.planner import Request, make_plan
from mlinfra.engine.recovery import recover
from mlinfra.engine.stop import Stop
from mlinfra.engine.survey import Survey, remembered
from mlinfra.library.library import Library
from mlinfra.policy.rulebook import Rulebook
from mlinfra.session.caller import as_caller
from mlinfra.session.connections.kubeconfig import PORT, kubeconfig
from mlinfra.session.connections.road import Road, require_road, road_of
from mlinfra.session.connections.targets import cloud_of
from mlinfra.session.desires import Desires
from mlinfra.session.plans import policies
from mlinfra.session.plans.advising import Adviser
from mlinfra.session.plans.brought import brought
from mlinfra.session.plans.partings import Partings
from mlinfra.session.plans.parts import with_parts
from mlinfra.session.plans.planfile import read_plan, road_of_settings, settings_of, write_plan
from mlinfra.session.plans.sight import Sight, look, still_seen
from mlinfra.session.progress import Progress, silent
from mlinfra.session.reading import catalogue, expiry
from mlinfra.session.reading.neighbours import applied_in
from mlinfra.session.reading.options import Nowhere, Options
from mlinfra.session.scrutiny import review, validation
from mlinfra.session.scrutiny.former_names import with_former_name
from mlinfra.session.scrutiny.hops import with_hops
from mlinfra.session.scrutiny.reach import demand_reach
from mlinfra.session.scrutiny.readers import with_readers
from mlinfra.session.scrutiny.telling import pertinent, with_words
from mlinfra.session.stack import read_stack
from mlinfra.session.state.adoption import find_free
from mlinfra.session.state.contention import alone
from mlinfra.session.state.editing import address_of, edit
from mlinfra.session.state.halfway import told_as_incomplete
from mlinfra.session.state.inventory import DataKept, LeftBehind, Owned, owned_objects, still_left
from mlinfra.session.state.rebuilding import Rebuilt, rebuilt_from
from mlinfra.state.lease import Claimant
from mlinfra.state.location import open_backend

_DELETE_DATA = "deleteData"  # among the settings of a plan


def open_session(options: Options) -> Session:
    """Read a stack and the modules that it names. Raises `ConfigError` with every diagnostic."""
    root = Path()
    library = catalogue.library(root)
    read = read_stack(options, root, library)
    notes = (*read.notes, *library.notes)
    return Session(read.stack, root, options, diagnostics=notes, library=library, unread=read.unread)


def open_plan(path: str) -> tuple[Session, Plan]:
    """A session that can apply the plan in the file `path`, and the plan."""
    plan = read_plan(path)
    return Session.for_plan(plan), plan


class Session:
    """One stack, connected on first use."""

    def __init__(
        self,
        stack: Stack,
        root: Path,
        options: Options,
        *,
        diagnostics: tuple[Diagnostic, ...] = (),
        clock: Clock | None = None,
        library: Library | None = None,
        road: Road | None = None,
        unread: tuple[Diagnostic, ...] = (),
    ) -> None:
        self.stack = stack
        self.diagnostics = diagnostics
        self._root, self._options = root, options
        self._clock = clock or SystemClock()
        self._library = library or catalogue.library(root)
        self._road = road or road_of(stack)
        self._cloud = cloud_of(stack.target, root, self._clock, self._library, Path(stack.file).parent, self._road)
        by_state = options.by_state
        self._desires = Desires(stack, self._library, self._cloud, by_state=by_state, unread=unread)
        self._adviser = Adviser(stack, self._cloud, root, self._clock)
        self._sight: Sight | None = None

    @classmethod
    def for_plan(cls, plan: Plan) -> Session:
        """The session of a plan file, which needs no stack file."""
        settings = plan.settings
        stack = Stack(
            file=plan.stack_file,
            name=plan.ownership.stack,
            target=msgspec.convert(settings["target"], Target),
            state=settings["state"],
            positions=Nowhere(),
        )
        options = Options(plan.stack_file, tuple(settings["sets"]), tuple(settings["inputs"]))
        return cls(stack, Path(), options, road=road_of_settings(settings))

    @cached_property
    def _backend(self) -> StateBackend:
        return open_backend(
            self.stack.state,
            self.stack.name,
            self._root,
            self._clock,
            Claimant.here(),
            lambda: self._cloud.client("s3"),
        )

    @cached_property
    def _rulebook(self) -> Rulebook:
        return policies.rulebook_of(self.stack, self._root)

    def refusals(self) -> tuple[Diagnostic, ...]:
        """What modules and rules have against the stack as it is written. Asks no cloud for anything."""
        found = validation.refusals(self.stack, self._library, self._cloud.types)
        return (*found, *policies.refusals(self.stack, self._rulebook))

    def expanded(self) -> tuple[Expanded, ...]:
        """Every effective value of the stack, with where it comes from."""
        return tuple(expand(self.stack, catalogue.language(self._library)))

    def graph(self) -> Graph:
        """What the stack desires. Reads the facts that the state does not hold yet."""
        return self._desires.whole(self._state())[1]

    def plan(
        self,
        *,
        destroy: bool = False,
        targets: tuple[str, ...] = (),
        refresh: bool = True,
        refresh_facts: bool = False,
        advise: bool = True,
        delete_data: bool = False,
        remove_foreign: bool = False,
        on_progress: Progress = silent,
    ) -> Plan:
        """What would be done. Raises `ConfigError` and `PlanError`; everything else is in the plan's diagnostics.

        delete_data: what a deleted cluster would leave with data in it goes too; remove_foreign: what others added.
        """
        state = self._state()
        on_progress("reading facts")
        with policies.told_besides(self.stack, lambda: self._rulebook):
            facts, graph = self._desires.whole(state, again=refresh_facts)
        if not (destroy or self._desires.unread):  # what is taken down needs no charts, what is remembered has had them
            on_progress("reading charts")
            graph = self._cloud.settled(graph)
        on_progress("reading the cloud")
        since = self._clock.monotonic()
        seen = self._survey(graph, state, everything=destroy) if refresh else remembered(state, self._ownership(state))
        on_progress("comparing")
        wishes = {"destroy": destroy, "targets": targets, "remove_foreign": remove_foreign}
        plan = alone(self._planned(graph, state, seen, facts, **wishes), self._backend)
        notes = () if destroy and not self._desires.unread else pertinent(graph.notes, plan)
        plan = msgspec.structs.replace(plan, diagnostics=(*plan.diagnostics, *notes, *self._cloud.notes()))
        plan = with_words(plan, self.stack, graph, state)
        plan = with_former_name(plan, self.stack, state, self._backend.location, self._clock)
        plan = with_readers(plan, self.stack, self._backend.location, self._root)
        plan = msgspec.structs.replace(plan, settings={**plan.settings, _DELETE_DATA: delete_data})
        plan = with_parts(plan, state, seen, self._cloud.connect, self._teardown(plan))
        self._sight = Sight(plan.seal.digest, state, seen, since) if refresh else None
        return self._adviser.advised(plan, graph, state) if advise else plan

    def _planned(self, graph: Graph, state: State, seen: Survey, facts: Facts, **options: Any) -> Plan:
        ttl, now = self.stack.lifecycle.get("ttl"), self._clock.now()
        plan = make_plan(
            Request(
                graph=graph,
                state=state,
                survey=seen,
                types=self._cloud.types,
                ownership=expiry.under(self._ownership(state), ttl, seen, now),
                region=self._cloud.region,
                facts=msgspec.to_builtins(facts),
                partings=Partings(self.stack, catalogue.language(self._library)),
                **options,
            )
        )
        settings, documents = settings_of(self.stack, self._options.sets, self._options.inputs), self.stack.documents
        plan = msgspec.structs.replace(plan, stack_file=self.stack.file, documents=dict(documents), settings=settings)
        plan = demand_reach(with_hops(plan, graph), self.stack, graph, simulated=self._cloud.is_simulated)
        held = partial(policies.held, book=self._rulebook, graph=graph, stack=self.stack, today=now.date())
        plan = review.validated(plan, graph, self._cloud, self.stack.positions, held)
        return held(plan, brought=partial(brought, graph, self._cloud.connect))

    def save(self, plan: Plan, path: str) -> None:
        """Write a plan file."""
        write_plan(plan, path)

    def stop(self) -> Stop:
        """A new stop, to be given to `apply` and pressed by signals."""
        return Stop()

    def whereabouts(self) -> Mapping[str, str]:
        """What people must know of the place that is changed, beside the target: a cluster's context and server."""
        return self._cloud.whereabouts()

    def recover(self) -> tuple[Diagnostic, ...]:
        """Look up what an interrupted run had begun. Takes the lock only where there is something to look up."""
        state = self._state()
        if not state.pending:
            return ()
        with self._backend.lock("recover") as lease:
            return recover(
                Journal(lease, self._state()), self._cloud.connect, self._cloud.types, self._ownership(state)
            )

    def apply(self, plan: Plan, *, listener: Listener, stop: Stop, at_once: bool = False) -> Report:
        """Do what was planned. Raises `PolicyViolation`, `PlanError`, `LockHeld`, `ApplyIncomplete` with the report.

        at_once: nobody was asked since it was planned; what was seen a moment ago is not looked at again.
        """
        policies.refuse_violations(plan)
        refuse_errors(plan)
        require_road(plan, self._road, simulated=self._cloud.is_simulated)
        review.require_unchanged(plan, self._current_graph, self._neighbour_version)
        with self._backend.lock("destroy" if plan.destroy else "apply") as lease:
            journal = Journal(lease, self._begin(lease, plan))
            recover(journal, self._cloud.connect, self._cloud.types, plan.ownership)
            seen = still_seen(self._sight, plan, journal.state(), self._clock) if at_once else None
            seen = seen or self._survey(review.touched(plan), journal.state(), steps=plan.steps)
            review.require_reachable(plan, seen)
            review.require_new(plan, journal.state(), fresh=self._sight is not None)
            verify(plan, journal.state(), seen, self._cloud.types)
            teardown = self._teardown(plan)
            means = Means(
                connect=self._cloud.connect,
                types=self._cloud.types,
                clock=self._clock,
                stop=stop,
                listener=listener,
                teardown=teardown,
            )
            with told_as_incomplete(destroy=plan.destroy):
                report = carry_out(plan, journal, seen, means)
            if not report.complete:
                raise ApplyIncomplete(report, destroy=plan.destroy)
            if plan.destroy and not plan.partial:
                self._conclude(journal.state(), lease)
            elif not plan.destroy:
                expiry.prolong(plan, journal.state(), self._cloud.types, self._cloud.connect, self._clock.now())
            if teardown.kept:
                raise DataKept(teardown.kept)
            return report

    def _teardown(self, plan: Plan) -> Teardown:
        """Who takes down what clusters made, where a plan deletes one."""
        if all(step.verb is not Verb.SWEEP for step in plan.steps):
            return NOTHING_BEHIND
        return self._cloud.teardown(delete_data=bool(plan.settings.get(_DELETE_DATA)))

    def _begin(self, lease: Lease, plan: Plan) -> State:
        """The state to go on from. A first state takes the lineage that the plan was made with."""
        state = self._backend.read()
        if state is None:
            review.require_not_ended(plan, ended=lease.has_ended(plan.ownership.lineage))
            return lease.compact(State(stack=self.stack.name, lineage=plan.ownership.lineage))
        review.require_lineage(plan, state)
        return state

    def _conclude(self, state: State, lease: Lease) -> None:
        """A destroy is done when nothing is left in the cloud; only then is the state given up."""
        left = still_left(self.inventory, state.lineage, self._cloud.clock)
        if left or state.every_record():
            raise LeftBehind(left)
        lease.remove()

    def _current_graph(self) -> Graph:
        """What the stack file desires now, for a plan that was made from an earlier version of it."""
        fresh = open_session(self._options)
        return fresh._cloud.settled(fresh.graph())

    def _neighbour_version(self, location: str) -> str | None:
        return applied.version if (applied := applied_in(location, self._root)) is not None else None

    def drift(self) -> Plan:
        """What others changed since the last apply, as a plan without steps."""
        return policies.without_findings(review.drift_of(self.plan(advise=False)))

    def adopt(self, address: str, id: str) -> Plan:
        """The plan of adopting one object. Raises `NotFound` where there is none, `Conflict` where it has no place."""
        state = self._state()
        facts = self._desires.facts(state, again=False)
        graph = self._cloud.settled(self._desires.graph(facts))
        resource = graph.resources.get(address_of(address))
        if resource is None:
            raise review.unknown_address(address, graph)
        found = find_free(self._cloud, resource, self._ownership(state), state, id)
        seen = self._survey(graph, state)
        return self._planned(graph, state, seen, facts, targets=(address,), adoptions={resource.address: found})

    def capacity(self) -> Capacity:
        """Whether the account and its region have room for the stack."""
        return self._adviser.capacity(self.graph(), self._state(), self.plan(advise=False))

    def refresh_prices(self) -> tuple[str, tuple[Diagnostic, ...]]:
        """Read what the stack is billed by from AWS's price list. Answers the file, and what could not be read."""
        kept, unread = self._adviser.refresh_prices(self.graph())
        return str(kept), unread

    def outputs(self) -> dict[str, Value]:
        """What the last complete apply answered."""
        return dict(self._state().outputs)

    def state(self) -> State | None:
        """What is remembered."""
        return self._backend.read()

    def kubeconfig(self, port: int = PORT) -> tuple[dict[str, Any], str]:
        """How Kubernetes clients reach the stack's cluster, as data, and what they need besides, in words."""
        return kubeconfig(self.state(), self.stack.name, self._cloud.region, self._cloud.endpoint, self._road, port)

    def location(self) -> str:
        """Where that is kept."""
        return self._backend.location

    def holder(self) -> Holder | None:
        """Who holds the lock."""
        return self._backend.holder()

    def unlock(self, token: int) -> None:
        """Break the lock that bears `token`."""
        self._backend.unlock(token)

    def move(self, origin: str, target: str) -> None:
        """Rename a record; the next apply renames the object's tags."""
        edit(self._backend, "state mv", address_of(origin), address_of(target))

    def forget(self, address: str) -> None:
        """Drop a record; the object stays where it is, and bears its tags until somebody takes them off."""
        edit(self._backend, "state forget", address_of(address), None)

    def rebuild(self) -> Rebuilt:
        """What a lost state would be, from the tags in the cloud alone."""
        facts = self._desires.facts(State(stack=self.stack.name, lineage=""), again=True)
        graph = self._cloud.settled(self._desires.graph(facts))
        return rebuilt_from(self.stack.name, self.inventory(), self._cloud, graph, facts)

    def accept(self, rebuilt: Rebuilt) -> None:
        """Put a rebuilt state in the place of whatever is there."""
        with self._backend.lock("state rebuild") as lease:
            lease.restore(rebuilt.state)

    def inventory(self) -> tuple[Owned, ...]:
        """Every object in the cloud that bears this stack's name."""
        return owned_objects(self._cloud, self.stack.name)

    def _state(self) -> State:
        """The state; a new one, of a new lineage, where there is none."""
        with as_caller(self.stack, "state"):
            return self._backend.read() or self._new_state

    @cached_property
    def _new_state(self) -> State:
        return State(stack=self.stack.name, lineage=uuid.uuid4().hex[:16])

    def _ownership(self, state: State) -> Ownership:
        return Ownership(self.stack.name, state.lineage)

    def _survey(self, graph: Graph, state: State, *, everything: bool = False, steps: tuple[Step, ...] = ()) -> Survey:
        return look(self._cloud, graph, state, self._ownership(state), everything=everything, steps=steps)
