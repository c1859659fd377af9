"""A network with a group in it, and what a world plans and has of it."""

from __future__ import annotations

from mlinfra.core.address import Address
from mlinfra.core.resource import Graph
from mlinfra.core.value import Concat, Properties, Ref

from .cloud import Thing
from .world import World, graph, resource

VPC, A, GROUP, ROUTE = (Address(x) for x in ("network.vpc", "network.a", "nodeGroups.gpu", "network.route"))


def stack(
    cidr: str = "10.0.0.0/16", *, range_: str = "10.0.1.0/24", group: Properties | None = None, **vpc: object
) -> Graph:
    size = {"min": 0, "max": 3, "wanted": 1}
    return graph(
        resource("network.vpc", "net/Net", {"cidr": cidr, **vpc}),
        resource("network.a", "net/Subnet", {"net": Ref(VPC), "range": range_}),
        resource("network.route", "net/Route", {"net": Ref(VPC), "to": "0.0.0.0/0", "via": "igw"}),
        resource("nodeGroups.gpu", "run/Group", {"subnets": [Ref(A)], "size": size, **(group or {})}),
        outputs={"group": Concat(("group ", Ref(GROUP, ("name",)))), "vpc": Ref(VPC)},
    )


def actions(world: World, desired: Graph, **options: object) -> dict[str, str]:
    plan = world.plan(desired, **options)  # type: ignore[arg-type]
    return {str(change.address): change.action.value for change in plan.pending()}


def only(world: World, kind: str) -> Thing:
    (thing,) = world.cloud.of(f"toy:{kind}")
    return thing
