"""Advising: what a plan is told beside itself: what it costs, whether that keeps to its budget, whether there is room.

The cost is worked out for every plan and asks nobody. The account is asked only where groups of nodes or gateways
change, so that a plan with nothing to do is as fast as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec

from mlinfra.advice.codes import Code
from mlinfra.advice.cost import budget_findings, budget_of, estimate
from mlinfra.advice.prices import read_prices, write_prices
from mlinfra.advice.things import Renewal, Things
from mlinfra.advice.tokens import (
    INTERNET_GATEWAY,
    MANAGED,
    NAT_GATEWAY,
    NODE_POOL,
    PUBLIC_ADDRESS,
    RESERVATION,
    SCALING,
    VPC,
)
from mlinfra.core.address import Address
from mlinfra.core.capacity import Capacity
from mlinfra.core.clock import Clock
from mlinfra.core.cost import Cost
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import PlanError
from mlinfra.core.plan import Action, Change, Plan
from mlinfra.core.property import Replace
from mlinfra.core.resource import Graph
from mlinfra.core.source import Source
from mlinfra.core.stack import Stack
from mlinfra.core.state import State
from mlinfra.session.connections.cloud import Cloud
from mlinfra.session.plans.keepsakes import with_keepsakes
from mlinfra.session.plans.lodgers import lodgers, networks_that_go
from mlinfra.session.plans.written import place_of

_COUNTED = frozenset({VPC, INTERNET_GATEWAY, PUBLIC_ADDRESS, NAT_GATEWAY})
_ROOMY = {
    MANAGED: frozenset({"scalingConfig", "instanceTypes", "capacityType", "subnetIds"}),
    SCALING: frozenset({"minSize", "maxSize", "mixedInstancesPolicy", "vpcZoneIdentifiers"}),
    NODE_POOL: frozenset({"spec"}),
    RESERVATION: frozenset(),
}

_ROLLING = frozenset({"launchTemplate", "version", "releaseVersion"})
_ALTERS = frozenset({Action.UPDATE, Action.MOVE, Action.ADOPT})


class Adviser:
    """The adviser of one stack. Prices that were refreshed lie under `root`."""

    def __init__(self, stack: Stack, cloud: Cloud, root: Path, clock: Clock) -> None:
        self._stack, self._cloud, self._clock = stack, cloud, clock
        self._prices = root / ".mlinfra" / "prices"

    def advised(self, plan: Plan, graph: Graph, state: State) -> Plan:
        """The plan with its cost and its verdicts of capacity, and what follows from them among its diagnostics.

        What stands in a cluster of the user's own is paid for by whoever has that: there is nothing to say of it.
        """
        if self._cloud.leads_inside:
            return plan
        cost = self.cost(Graph({}) if plan.destroy else graph, state)
        found = list(budget_findings(cost, self._stack.positions.at(("lifecycle", "budget"))))
        changing = frozenset(change.address for change in plan.pending() if wants_room(change))
        capacity = None
        if changing and not plan.destroy:
            from mlinfra.advice.capacity import capacity_findings

            capacity = self.capacity(graph, state, plan, changing)
            sources = {resource.address: resource.source for resource in graph}
            found += capacity_findings(capacity, sources.get)
        if not plan.destroy:
            found += self._borrowed(plan, graph)
        if going := networks_that_go(plan):
            found += lodgers(going, plan.ownership.stack, state, self._cloud.brief_calls)
        plan = msgspec.structs.replace(plan, cost=cost, capacity=capacity, diagnostics=(*plan.diagnostics, *found))
        return with_keepsakes(plan, state, self._monthly)

    def _borrowed(self, plan: Plan, graph: Graph) -> tuple[Diagnostic, ...]:
        """What is about to be made upon something that is not there."""
        from mlinfra.session.plans.borrowing import borrowings

        borrowed = list(borrowings(plan, graph, self._cloud.types))
        if not borrowed:
            return ()
        from mlinfra.advice.borrowed import Borrowed, borrowed_findings

        account = str(self._cloud.connection.identity).partition("/")[0]
        calls = self._cloud.brief_calls

        def written(one: Borrowed) -> Source | None:
            return place_of(one.name, self._stack, one.address) or graph.resources[one.address].source

        return borrowed_findings(calls, account, borrowed, written)

    def cost(self, graph: Graph, state: State | None) -> Cost:
        """What a graph comes to, at the prices of the package and those that were refreshed."""
        prices = read_prices(self._cloud.region, self._prices)
        return estimate(graph, state, prices, self._today(), budget_of(self._stack.lifecycle))

    def capacity(
        self, graph: Graph, state: State | None, plan: Plan, only: Collection[Address] | None = None
    ) -> Capacity:
        """Whether there is room for a graph, or for `only` these of it, while what `plan` replaces is there twice."""
        # Imported where it is needed: a plan with nothing to do must not wait for it.
        from mlinfra.advice.capacity import judge
        from mlinfra.advice.demand import demand_of
        from mlinfra.advice.supply import read_supply

        rolled = frozenset(change.address for change in plan.changes if _rolls(change))
        demand = demand_of(Things.desired(graph, state, _renewal(plan)), only, rolled)
        return judge(demand, read_supply(self._cloud.brief_calls, demand), only)

    def refresh_prices(self, graph: Graph) -> tuple[Path, tuple[Diagnostic, ...]]:
        """Read the prices of all that a graph is made of from AWS's price list, and keep them beside older ones.

        Answers the file, and what could not be read.
        """
        from mlinfra.advice.price_list import home, read_price_list
        from mlinfra.advice.products import wanted_prices

        if self._cloud.is_simulated:  # what it says of spot prices is made up
            hint = "the prices of the package hold; in an account of AWS they are refreshed"
            raise PlanError("the simulated cloud has no price list", code=Code.NO_PRICE_LIST, hint=hint)
        keys = wanted_prices(Things.desired(graph, None))
        calls = self._cloud.calls_in(home(self._cloud.region))
        read = read_price_list(calls, self._cloud.calls, keys, self._today())
        return write_prices(read.file, self._prices), tuple(_unread(read.unread))

    def _monthly(self, key: str) -> Decimal | None:
        found = read_prices(self._cloud.region, self._prices).find(key)
        return found.monthly if found is not None else None

    def _today(self) -> date:
        return self._clock.now().date()


def _unread(unread: Mapping[str, str]) -> Iterator[Diagnostic]:
    """What is to be said of prices that could not be read, once for each reason."""
    by_reason: dict[str, list[str]] = {}
    for key, reason in unread.items():
        by_reason.setdefault(reason, []).append(key)
    for reason, keys in by_reason.items():
        count = len(keys)
        yield Diagnostic(
            severity=Severity.WARNING,
            code=Code.PARTLY_READ,
            summary=f"{count} price{'s were' if count != 1 else ' was'} not read: {', '.join(keys[:3])}"
            + (f" and {count - 3} more" if count > 3 else ""),
            detail=reason,
            hint="they stay as they were; the others were read and are kept",
        )


def _renewal(plan: Plan) -> Renewal:
    """What the plan replaces, by whether its successor is made while it is still there."""
    replaced = [change for change in plan.changes if change.action is Action.REPLACE]
    first = frozenset(change.address for change in replaced if change.order == Replace.CREATE_FIRST)
    return Renewal(first, frozenset(change.address for change in replaced) - first)


def wants_room(change: Change) -> bool:
    """Whether a change may want more of the account than there was, under whatever name."""
    if change.action in (Action.CREATE, Action.REPLACE):
        return change.type in _COUNTED or change.type in _ROOMY
    causes = _ROOMY.get(change.type, frozenset())
    return change.action in _ALTERS and (_rolls(change) or any(field.path[0] in causes for field in change.fields))


def _rolls(change: Change) -> bool:
    """Whether EKS exchanges a group's machines for it, one after the other."""
    causes = _ROLLING if change.type == MANAGED and change.action in _ALTERS else frozenset[str]()
    return any(field.path[0] in causes for field in change.fields)
