"""Reach: how apply gets to the API of a cluster that it is about to make, and whether that has been thought of.

An API that faces the internet is reached from anywhere. One that does not is reached from within the network, through
a proxy or through a tunnel; only whoever writes the stack knows which. It is asked for before the first mutation: an
hour of AWS that ends in a time-out would be the other way to find out. Once the cluster is there, it can be tried.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.connections import is_in_cluster
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.plan import Action, Plan
from mlinfra.core.resource import Graph
from mlinfra.core.stack import Stack
from mlinfra.core.value import is_known, refs
from mlinfra.session.codes import Code
from mlinfra.session.connections.road import road_of

_CLUSTER = "aws:eks/cluster:Cluster"
_FIRST_DAY = (Action.CREATE, Action.REPLACE)


def demand_reach(plan: Plan, stack: Stack, graph: Graph, *, simulated: bool) -> Plan:
    """The plan, with an error for each cluster whose API it would have to reach, and nobody said how.

    A simulated cluster is on this machine: there it is a note, of what an account would refuse.
    """
    if road_of(stack).reach:
        return plan
    tell = _rehearsed if simulated else _refused
    found = [
        msgspec.structs.replace(
            tell(address, inside),
            address=address,
            source=stack.positions.at(("cluster", "endpoint")) or graph.resources[address].source,
        )
        for address, inside in _secluded(plan, graph)
    ]
    return msgspec.structs.replace(plan, diagnostics=(*plan.diagnostics, *found)) if found else plan


def _refused(address: Address, inside: int) -> Diagnostic:
    return Diagnostic(
        code=Code.NO_REACH,
        summary=f"{address} has a private API, and it is not said how apply reaches it",
        detail=f"{inside} object{'s' if inside != 1 else ''} of the stack would be made through it",
        hint="set cluster.endpoint.reach: direct where apply runs within the network, or proxy or ssm; "
        "or set public: true with allowedCidrs",
    )


def _rehearsed(address: Address, inside: int) -> Diagnostic:
    return Diagnostic(
        severity=Severity.NOTE,
        code=Code.NO_REACH,
        summary=f"{address} has a private API: on AWS, cluster.endpoint.reach must say how apply reaches it",
    )


def _secluded(plan: Plan, graph: Graph) -> Iterator[tuple[Address, int]]:
    """The private clusters that the plan makes, each with the number of objects to be made within it."""
    for change in plan.changes:
        cluster = graph.resources.get(change.address)
        if cluster is None or change.type != _CLUSTER or change.action not in _FIRST_DAY:
            continue
        network = cluster.properties.get("vpcConfig", {})
        public = network.get("endpointPublicAccess", True)
        inside = sum(
            is_in_cluster(one.connection.kind)
            and any(ref.address == change.address for ref in refs(one.connection.identity))
            for one in graph
        )
        if inside and is_known(public) and not public:
            yield change.address, inside
