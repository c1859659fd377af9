"""What becomes of a demand in accounts made by hand: families, markets, reservations, addresses."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mlinfra.advice.capacity import judge
from mlinfra.advice.demand import demand_of
from mlinfra.advice.machine import Machine
from mlinfra.advice.supply import Reservation, Running, Subnet, Supply, Unasked
from mlinfra.advice.things import Things
from mlinfra.advice.tokens import ADDON, RESERVATION, SUBNET
from mlinfra.core.address import Address
from mlinfra.core.capacity import Check, Verdict
from mlinfra.core.resource import Graph, Resource
from mlinfra.core.value import Json, Ref
from tests.library.samples import graph_of
from tests.modules.cases import group

from .node_groups import GROUP, mixed_group, node_group, resource

PRIVATE = Address("network.private.a")
ON_DEMAND, SPOT = "L-DB2E81BA", "L-3819A6DF"  # of G and VT
MACHINES = {
    "g5.xlarge": Machine(4, 4, 15),
    "g5.2xlarge": Machine(8, 4, 15),
    "vt1.3xlarge": Machine(12, 4, 15),
    "m6i.large": Machine(2, 3, 10),
    "p5.48xlarge": Machine(192, 64, 50),
    "p6-b200.48xlarge": Machine(192, 32, 50),
}
FREE, SHORT, TIGHT, UNCHECKED = Verdict.FITS, Verdict.SHORT, Verdict.TIGHT, Verdict.NOT_CHECKED


def placed(whole: Graph, cidr: str = "10.0.0.0/20", *more: Resource) -> Graph:
    """The group of a graph in a new subnet."""
    subnet = resource(PRIVATE, SUBNET, {"cidrBlock": cidr, "availabilityZone": "us-east-1a"})
    made = [
        msgspec.structs.replace(
            one, properties={**one.properties, "subnetIds": [Ref(PRIVATE)], "vpcZoneIdentifiers": [Ref(PRIVATE)]}
        )
        if one.address == GROUP
        else one
        for one in whole
    ]
    return Graph.of([subnet, *made, *more])


def account(**about: Any) -> Supply:
    everywhere = dict.fromkeys(MACHINES, frozenset({"us-east-1a"}))
    return Supply(region="us-east-1", machines=MACHINES, offered=everywhere, **about)


def checks(graph: Graph, supply: Supply) -> list[Check]:
    (room,) = judge(demand_of(Things.desired(graph, None)), supply).rooms
    return list(room.checks)


def verdicts(graph: Graph, supply: Supply, subject: str = "vCPU quota") -> list[Verdict]:
    return [check.verdict for check in checks(graph, supply) if check.subject.startswith(subject)]


def bought(base: int, percent: int) -> dict[str, int]:
    return {"onDemandBaseCapacity": base, "onDemandPercentageAboveBaseCapacity": percent}


@pytest.mark.parametrize(
    ("graph", "quotas", "expected"),
    [
        # VT counts against what G does; G against none of P's.
        (node_group(["vt1.3xlarge"], (1, 1, 1)), {ON_DEMAND: 11}, [SHORT]),
        (node_group(["vt1.3xlarge"], (1, 1, 2)), {ON_DEMAND: 12}, [TIGHT]),
        (node_group(["g5.xlarge"], (1, 1, 1)), {ON_DEMAND: 4, "L-417A185B": 0}, [FREE]),
        # P5 has a spot quota of its own; which one P6 counts against is not documented.
        (node_group(["p5.48xlarge"], (1, 1, 1), spot=True), {"L-C4BD4855": 192, "L-7212CCBC": 0}, [FREE]),
        (node_group(["p6-b200.48xlarge"], (1, 1, 1), spot=True), {}, [UNCHECKED]),
        # The first machine of a mixed group is bought on demand: without spot it cannot grow, and can be made.
        (mixed_group(["g5.xlarge"], (0, 0, 4), bought(1, 20)), {ON_DEMAND: 8, SPOT: 0}, [FREE, TIGHT]),
        (mixed_group(["g5.xlarge"], (0, 0, 4), bought(1, 20)), {ON_DEMAND: 0, SPOT: 16}, [SHORT, FREE]),
        # Without a base and a share the first is a spot machine, and none is bought on demand.
        (mixed_group(["g5.xlarge"], (0, 0, 4), bought(0, 0)), {ON_DEMAND: 0, SPOT: 0}, [SHORT]),
        # 1 on demand, and of 3 more a fifth, rounded up: 2 and 2 of 4
        (mixed_group(["g5.xlarge"], (4, 4, 4), bought(1, 20)), {ON_DEMAND: 8, SPOT: 8}, [FREE, FREE]),
        (mixed_group(["g5.xlarge"], (4, 4, 4), bought(1, 20)), {ON_DEMAND: 8, SPOT: 7}, [FREE, SHORT]),
    ],
)
def test_quotas_are_of_families_and_markets(graph: Graph, quotas: dict[str, float], expected: list[Verdict]) -> None:
    assert verdicts(placed(graph), account(quotas=quotas)) == expected


def test_the_quota_to_ask_for_is_that_of_all_groups_that_draw_from_it() -> None:
    first = node_group(["g5.2xlarge"], (1, 1, 1), spot=True)
    other = [
        msgspec.structs.replace(one, address=Address(f"nodeGroups.other{one.address.removeprefix(GROUP)}"))
        for one in node_group(["g5.xlarge"], (1, 1, 1), spot=True)
    ]
    rooms = judge(demand_of(Things.desired(Graph.of([*first, *other]), None)), account(quotas={SPOT: 8})).rooms
    short = [check for room in rooms for check in room.checks if check.verdict is SHORT]
    assert ["--desired-value 12 " in check.hint for check in short] == [True]


@pytest.mark.parametrize(
    ("quotas", "expected"),
    [({ON_DEMAND: 16, SPOT: 0}, FREE), ({ON_DEMAND: 0, SPOT: 16}, FREE), ({ON_DEMAND: 0, SPOT: 0}, SHORT)],
)
def test_a_node_pool_that_may_fall_back_needs_one_of_two_quotas(quotas: dict[str, float], expected: Verdict) -> None:
    about = {"instances": ["g5.xlarge"], "capacity": {"type": "spot", "fallback": "on-demand"}, "max": 4}
    whole = graph_of({**group(**about), "autoscaling": {"nodes": {"kind": "karpenter"}}})
    pool = Graph.of([one for one in whole if one.address.is_within("nodeGroups.gpu")])
    assert verdicts(pool, account(quotas=quotas)) == [expected]


OTHERS = Running("g5.xlarge", False)


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"running": (OTHERS,)}, FREE),
        ({"running": (OTHERS, OTHERS)}, SHORT),
        # Of a reservation of others what is used runs, and what is unused counts as well; not of a block.
        ({"running": (OTHERS,), "reservations": {"cr-1": Reservation("g5.xlarge", "us-east-1a", "active", 1)}}, SHORT),
        ({"reservations": {"cr-1": Reservation("g5.xlarge", "us-east-1a", "active", 1)}}, FREE),
        ({"reservations": {"cr-1": Reservation("g5.xlarge", "us-east-1a", "active", 9, counts=False)}}, FREE),
        ({"reservations": {"cr-1": Reservation("g5.xlarge", "us-east-1a", "scheduled", 9)}}, FREE),
        ({"reservations": Unasked("no")}, UNCHECKED),
        ({"running": (Running("g9.mega", False),)}, UNCHECKED),
        ({"running": (Running("g9.mega", True),)}, FREE),
        ({"running": Unasked("no")}, UNCHECKED),
    ],
)
def test_what_others_use_and_hold_is_not_there(about: dict[str, Any], expected: Verdict) -> None:
    # 4 for the group, and 4 for others
    graph = placed(node_group(["g5.xlarge"], (1, 1, 1)))
    assert verdicts(graph, account(quotas={ON_DEMAND: 8}, **about)) == [expected]


@pytest.mark.parametrize(
    ("fewest", "state", "expected"),
    [(0, "scheduled", TIGHT), (1, "scheduled", SHORT), (0, "active", FREE), (0, "expired", SHORT)],
)
def test_a_reservation_has_nothing_before_it_begins(fewest: int, state: str, expected: Verdict) -> None:
    graph = placed(node_group(["g5.xlarge"], (fewest, fewest, 2), reservation="cr-1"))
    held = {"cr-1": Reservation("g5.xlarge", "us-east-1a", state, 2)}
    assert verdicts(graph, account(reservations=held), "reservation") == [expected]
    assert verdicts(graph, account(reservations=held)) == []


@pytest.mark.parametrize(
    ("granted", "zone", "expected"),
    [(8, "us-east-1a", [FREE, FREE]), (7, "us-east-1a", [SHORT, FREE]), (8, "us-east-1e", [FREE, SHORT])],
)
def test_a_reservation_that_is_to_be_made_takes_what_its_machines_would(
    granted: float, zone: str, expected: list[Verdict]
) -> None:
    about = {"instanceType": "g5.xlarge", "instanceCount": 2, "availabilityZone": zone}
    graph = Graph.of([resource("resources.held", RESERVATION, about)])
    assert [check.verdict for check in checks(graph, account(quotas={ON_DEMAND: granted}))] == expected


IN_A = ("demo", "gpu", "subnet-a", "us-east-1a")


def there(count: int, *, reserved: bool = False, mine: bool = True) -> tuple[Running, ...]:
    """Machines of the group, or of others."""
    whose = IN_A if mine else ("", "", "subnet-a", "us-east-1a")
    return (Running("g5.xlarge", False, *whose, reserved=reserved, matches=True),) * count


def known(whole: Graph, *more: Resource) -> Things:
    """With the group that is there already, by the name that EKS knows."""
    things = Things.desired(placed(whole, "10.0.0.0/20", *more), None)
    own = {"clusterName": "demo", "nodeGroupName": "gpu"}
    return Things(
        {one.address: msgspec.structs.replace(one, seen=own if one.address == GROUP else {}) for one in things}
    )


@pytest.mark.parametrize(
    ("free", "running", "granted", "expected"),
    [
        (2, (), 8, FREE),  # its two run in what is set aside, and count once
        (1, (), 8, FREE),
        (1, (), 7, TIGHT),
        (0, there(2, reserved=True), 8, FREE),  # what they fill is unused no more
        (1, there(1), 8, FREE),  # the second will run in what is left
        (1, there(2), 8, TIGHT),  # those that run elsewhere are no more to come
        (2, there(1, mine=False), 12, FREE),
    ],
)
def test_what_machines_fill_of_an_open_reservation_counts_once(
    free: int, running: tuple[Running, ...], granted: float, expected: Verdict
) -> None:
    held = {"cr-1": Reservation("g5.xlarge", "us-east-1a", "active", free, open=True)}
    supply = account(quotas={ON_DEMAND: granted}, running=running, reservations=held)
    (room,) = judge(demand_of(known(node_group(["g5.xlarge"], (0, 1, 2)))), supply).rooms
    assert [one.verdict for one in room.checks if "quota" in one.subject] == [expected], room.checks


@pytest.mark.parametrize(
    "held",
    [
        Reservation("g5.xlarge", "us-east-1a", "active", 2),  # for those that name it
        Reservation("g5.xlarge", "us-east-1b", "active", 2, open=True),
        Reservation("g5.2xlarge", "us-east-1a", "active", 1, open=True),
        Reservation("g5.xlarge", "us-east-1a", "active", 2, open=True, counts=True),
    ],
)
def test_what_they_do_not_fill_counts_besides(held: Reservation) -> None:
    whole = node_group(["g5.xlarge"], (2, 2, 2))
    supply = account(quotas={ON_DEMAND: 8}, reservations={"cr-1": held})
    fills = held.open and held.zone == "us-east-1a" and held.type == "g5.xlarge"
    assert verdicts(placed(whole), supply) == [FREE if fills else SHORT]
    aloof = Graph.of([_without_reservations(one) for one in placed(whole)])
    assert verdicts(aloof, supply) == [SHORT]
    several = placed(node_group(["g5.xlarge", "g5.2xlarge"], (2, 2, 2)))
    assert verdicts(several, supply) == [SHORT]  # nobody knows which of them come


def _without_reservations(one: Resource) -> Resource:
    held = {"capacityReservationSpecification": {"capacityReservationPreference": "none"}}
    template = one.address.endswith("launch-template")
    return msgspec.structs.replace(one, properties={**one.properties, **(held if template else {})})


@pytest.mark.parametrize(
    ("running", "granted", "expected"),
    [
        (there(2), 16, [FREE, FREE]),
        (there(2), 8, [FREE, TIGHT]),  # those that run fill what is made for them, but perhaps not while it is made
        ((), 8, [FREE, TIGHT]),
        ((), 7, [FREE, SHORT]),
        (there(1, mine=False), 16, [FREE, FREE]),
        (there(1, mine=False), 11, [TIGHT, TIGHT]),
        (there(3, mine=False), 12, [SHORT, TIGHT]),
    ],
)
def test_a_reservation_to_be_made_for_machines_that_run_takes_no_more_than_they(
    running: tuple[Running, ...], granted: float, expected: list[Verdict]
) -> None:
    about = {"instanceType": "g5.xlarge", "instanceCount": 2, "availabilityZone": "us-east-1a"}
    size = (2, 2, 2) if running == there(2) else (0, 0, 2)
    things = known(node_group(["g5.xlarge"], size), resource("resources.held", RESERVATION, about))
    capacity = judge(demand_of(things), account(quotas={ON_DEMAND: granted}, running=running))
    told = [one for room in capacity.rooms for one in room.checks if "quota" in one.subject]
    assert [one.verdict for one in told] == expected, told


def plugin(**env: Any) -> Resource:
    settings = Json({"env": env})
    return resource("cluster.addons.vpc-cni", ADDON, {"addonName": "vpc-cni", "configurationValues": settings})


BY_BLOCKS = {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}
IPV6 = resource("cluster", "aws:eks/cluster:Cluster", {"kubernetesNetworkConfig": {"ipFamily": "ipv6"}})


@pytest.mark.parametrize(
    ("cidr", "more", "expected", "words"),
    [
        # Three of m6i.large want ten each to start, and twenty each to work.
        ("10.0.0.0/26", (), TIGHT, "59 free in 1 subnets, and 30 to 60 wanted"),
        ("10.0.0.0/27", (), SHORT, "27 free in 1 subnets, and 30 to 60 wanted"),
        # One and its targets each; what pods take is the stack's affair.
        ("10.0.0.0/27", (plugin(WARM_IP_TARGET="5"),), UNCHECKED, "27 free in 1 subnets, and 18 wanted for the nodes"),
        ("10.0.0.0/28", (plugin(WARM_IP_TARGET="5"),), SHORT, "11 free in 1 subnets, and 18 wanted"),
        (
            "10.0.0.0/27",
            (plugin(MINIMUM_IP_TARGET="9", WARM_IP_TARGET="2"),),
            SHORT,
            "27 free in 1 subnets, and 30 wanted",
        ),
        # A /27 has two blocks of sixteen, and AWS keeps addresses of both.
        ("10.0.0.0/27", (plugin(**BY_BLOCKS),), SHORT, "0 blocks of sixteen free in 1 subnets, and 3 wanted"),
        ("10.0.0.0/25", (plugin(**BY_BLOCKS),), UNCHECKED, "6 blocks of sixteen free in 1 subnets, and 3 wanted for"),
        # Of a setting that is not known yet nothing is known but the node's own.
        ("10.0.0.0/27", (plugin(WARM_IP_TARGET=Ref(PRIVATE)),), UNCHECKED, "27 free in 1 subnets, and 3 wanted"),
        # Pods of a cluster of IPv6 take none.
        ("10.0.0.0/28", (IPV6,), FREE, "11 free in 1 subnets, and 3 wanted"),
    ],
)
def test_nodes_take_the_addresses_that_the_network_plugin_makes_them_take(
    cidr: str, more: tuple[Resource, ...], expected: Verdict, words: str
) -> None:
    found = checks(placed(node_group(["m6i.large"], (3, 3, 3)), cidr, *more), account(quotas={"L-1216C47A": 99}))
    (check,) = (one for one in found if one.subject == "subnet addresses")
    assert check.verdict is expected
    assert check.words.startswith(words)
    # A lower max lets in what does not fit already, and helps no group whose fewest do not.
    assert ("lower max" in check.hint, "lower min" in check.hint) == (expected is TIGHT, expected is SHORT)


@pytest.mark.parametrize(
    ("type", "properties", "free"),
    [
        ("aws:eks/cluster:Cluster", {"vpcConfig": {"subnetIds": [Ref(PRIVATE)]}}, 53),
        ("aws:lb/loadBalancer:LoadBalancer", {"subnets": [Ref(PRIVATE)]}, 51),
        ("aws:lb/loadBalancer:LoadBalancer", {"loadBalancerType": "network", "subnets": [Ref(PRIVATE)]}, 58),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", {"subnetIds": [Ref(PRIVATE)]}, 58),
        ("aws:efs/mountTarget:MountTarget", {"subnetId": Ref(PRIVATE)}, 58),
        ("aws:rds/instance:Instance", {}, 59),
    ],
)
def test_nodes_share_subnets_with_what_else_is_to_be_made(type: str, properties: dict[str, Any], free: int) -> None:
    tenant = resource("resources.tenant", type, properties)
    graph = placed(node_group(["m6i.large"], (1, 1, 1)), "10.0.0.0/26", tenant)
    (check,) = (one for one in checks(graph, account(quotas={"L-1216C47A": 99})) if "addresses" in one.subject)
    assert check.words.startswith(f"{free} free in 1 subnets")


def test_a_group_of_which_nobody_knows_the_machines_is_not_said_to_lack_addresses() -> None:
    """It may have them: what is free is less what its own machines took."""
    seen = {"clusterName": "demo", "nodeGroupName": "gpu"}
    graph = placed(node_group(["m6i.large"], (3, 3, 3)))
    things = Things(
        {
            thing.address: msgspec.structs.replace(
                thing,
                id={SUBNET: "subnet-1"}.get(thing.type, ""),
                seen=seen if thing.address == GROUP else {},
            )
            for thing in Things.desired(graph, None)
        }
    )
    full = account(subnets={"subnet-1": Subnet("us-east-1a", 0)}, quotas={"L-1216C47A": 99})
    for running, expected in (((), SHORT), (Unasked("no"), UNCHECKED)):
        (room,) = judge(demand_of(things), msgspec.structs.replace(full, running=running)).rooms
        assert [one.verdict for one in room.checks if one.subject == "subnet addresses"] == [expected]
