"""What a replacement wants of an account: both count while the old one is there. A new name wants nothing more."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from mlinfra.advice.capacity import judge
from mlinfra.advice.cost import estimate
from mlinfra.advice.demand import LIMITS, demand_of
from mlinfra.advice.machine import Machine
from mlinfra.advice.prices import read_prices
from mlinfra.advice.supply import Reservation, Running, Subnet, Supply
from mlinfra.advice.things import NOTHING_RENEWED, Renewal, Things
from mlinfra.advice.tokens import INTERNET_GATEWAY, MANAGED, NAT_GATEWAY, PUBLIC_ADDRESS, SUBNET, VPC
from mlinfra.core.address import Address
from mlinfra.core.capacity import Check, Verdict
from mlinfra.core.plan import Action, Change, Field
from mlinfra.core.resource import Graph, Move, Resource
from mlinfra.core.state import Record, State
from mlinfra.core.value import Properties, Ref
from mlinfra.session.plans.advising import wants_room

from .node_groups import AWS, GROUP, node_group, resource
from .test_cost import DAY, recorded

SUBNETS = Address("network.private.a")
QUOTA = "L-DB2E81BA"
TWICE = Renewal(first=frozenset({GROUP}))
INSTEAD = Renewal(after=frozenset({GROUP}))


def graph(fewest: int, most: int, *, cidr: str = "10.0.0.0/24") -> Graph:
    """A group of g5.xlarge in one subnet."""
    subnet = resource(SUBNETS, SUBNET, {"cidrBlock": cidr, "availabilityZone": "us-east-1a"})
    whole = node_group(["g5.xlarge"], (fewest, fewest, most))
    group = whole.resources[GROUP]
    placed = msgspec.structs.replace(group, properties={**group.properties, "subnetIds": [Ref(SUBNETS)]})
    return Graph.of([subnet, placed])


def record(address: Address, type: str, id: str, outputs: Properties) -> Record:
    return Record(address=address, type=type, id=id, generation=1, connection=AWS, inputs={}, outputs=outputs)


def state(*more: Record) -> State:
    group = record(GROUP, "aws:eks/nodeGroup:NodeGroup", "demo:gpu", {"clusterName": "demo", "nodeGroupName": "gpu"})
    records = (group, record(SUBNETS, SUBNET, "subnet-1", {}), *more)
    return State(stack="demo", lineage="l1", records={one.address: one for one in records})


def supply(granted: float, running: int, *, free: int = 200) -> Supply:
    """Two machines of others, and `running` of the group's own in its subnet."""
    own = Running("g5.xlarge", False, "demo", "gpu", "subnet-1")
    return Supply(
        region="us-east-1",
        machines={"g5.xlarge": Machine(4, 4, 15)},
        offered={"g5.xlarge": frozenset({"us-east-1a"})},
        running=(*[Running("g5.xlarge", False)] * 2, *[own] * running),
        quotas={QUOTA: granted},
        subnets={"subnet-1": Subnet("us-east-1a", free)},
    )


def checks(
    supply: Supply, renewal: Renewal, *, wanted: Graph | None = None, known: State | None = None
) -> dict[str, Check]:
    demand = demand_of(Things.desired(wanted or graph(2, 3), known or state(), renewal))
    (room,) = judge(demand, supply).rooms
    return {check.subject.split(" L-")[0]: check for check in room.checks}


@pytest.mark.parametrize(
    ("granted", "renewal", "verdict"),
    [
        # 8 of others, 8 of the two that run, and 8 for the two that come; then 12 for the three at most.
        (24, TWICE, Verdict.FITS),
        (23, TWICE, Verdict.SHORT),
        # 8 of others and 12 at most, whether what runs stays or goes first
        (20, NOTHING_RENEWED, Verdict.FITS),
        (20, INSTEAD, Verdict.FITS),
        (19, NOTHING_RENEWED, Verdict.TIGHT),
        (15, INSTEAD, Verdict.SHORT),
    ],
)
def test_a_group_that_is_made_before_the_old_one_goes_needs_quota_for_both(
    granted: float, renewal: Renewal, verdict: Verdict
) -> None:
    assert checks(supply(granted, 2), renewal)["vCPU quota"].verdict is verdict


def test_what_goes_makes_room_for_the_most_of_what_comes() -> None:
    found = checks(supply(24, 3), TWICE, wanted=graph(1, 4))["vCPU quota"]
    # 8 and 12 and 4 fit at once, and then 8 and 16
    assert found.verdict is Verdict.FITS
    assert "8 used by others (8 by machines in no group), and 4 to 16 wanted" in found.words
    assert "the machines that are replaced take 12 until their successors are there" in found.words


def test_the_quota_to_ask_for_is_that_for_both() -> None:
    found = checks(supply(8, 2), TWICE)["vCPU quota"]
    assert "--desired-value 24" in found.hint


@pytest.mark.parametrize(
    ("renewal", "free", "verdict", "words"),
    [
        (TWICE, 200, Verdict.FITS, "200 free in 1 subnets, and 30 to 90 wanted"),
        (TWICE, 29, Verdict.SHORT, "29 free in 1 subnets, and 30 to 90 wanted"),
        (NOTHING_RENEWED, 200, Verdict.FITS, "200 free in 1 subnets, and 0 to 30 wanted"),
    ],
)
def test_machines_that_come_want_addresses_beside_those_that_go(
    renewal: Renewal, free: int, verdict: Verdict, words: str
) -> None:
    found = checks(supply(1000, 2, free=free), renewal)["subnet addresses"]
    assert (found.verdict, found.words) == (verdict, words)


def test_a_subnet_that_is_new_has_nothing_of_machines_that_live_elsewhere() -> None:
    moved = Renewal(first=frozenset({GROUP}), after=frozenset({SUBNETS}))
    found = checks(supply(1000, 2), moved, wanted=graph(2, 3, cidr="10.0.0.0/27"))["subnet addresses"]
    # a /27 less the five that AWS keeps; one full interface for each of two machines
    assert (found.verdict, found.words) == (Verdict.SHORT, "27 free in 1 subnets, and 30 to 90 wanted")


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: str(limit.code))
def test_what_is_made_before_the_old_one_goes_counts_beside_it(limit: object) -> None:
    types = {one.code: one.type for one in LIMITS}
    code = getattr(limit, "code", "")
    there = resource("network.it", types[code], {"subnetId": Ref(SUBNETS)})
    subnet = resource(SUBNETS, SUBNET, {"cidrBlock": "10.0.0.0/24", "availabilityZone": "us-east-1a"})
    known = State(
        stack="demo",
        lineage="l1",
        records={there.address: record(there.address, there.type, "it-1", {})},
    )

    def verdicts(renewal: Renewal) -> list[Verdict]:
        demand = demand_of(Things.desired(Graph.of([there, subnet]), known, renewal))
        zone = "us-east-1a" if types[code] == NAT_GATEWAY else ""
        full = Supply(region="us-east-1", quotas={code: 1}, present={types[code]: {zone: 1}})
        return [check.verdict for room in judge(demand, full).rooms for check in room.checks]

    assert {VPC, INTERNET_GATEWAY, PUBLIC_ADDRESS, NAT_GATEWAY} == set(types.values())
    assert verdicts(Renewal(first=frozenset({there.address}))) == [Verdict.SHORT]
    assert verdicts(Renewal(after=frozenset({there.address}))) == []


def renamed(whole: Graph) -> Graph:
    """The same group under another name."""

    def target(address: Address) -> Address:
        return address.moved("nodeGroups.gpu", "nodeGroups.inference")

    made = [
        Resource(
            target(one.address),
            one.type,
            {
                k: {**v, "id": Ref(target(v["id"].address))} if k == "launchTemplate" else v
                for k, v in one.properties.items()
            },
            one.connection,
        )
        for one in whole
        if one.address.is_within("nodeGroups.gpu")
    ]
    rest = [one for one in whole if not one.address.is_within("nodeGroups.gpu")]
    return Graph.of([*made, *rest], moves=(Move("nodeGroups.gpu", "nodeGroups.inference"),))


def test_a_group_under_a_new_name_has_the_machines_that_it_had() -> None:
    # each machine with its volume 70.08 + 8; three run
    cost = estimate(
        renamed(node_group(["m6i.large"], (1, 1, 4))), recorded((1, 1, 4), 3), read_prices("us-east-1"), DAY
    )
    assert cost.monthly.expected == Decimal("234.24")
    assert cost.change is not None
    assert cost.change.expected == cost.change.maximum == Decimal("0.00")


def test_a_group_under_a_new_name_is_not_counted_twice() -> None:
    found = checks(supply(16, 2), NOTHING_RENEWED, wanted=renamed(graph(2, 2)))
    assert found["vCPU quota"].verdict is Verdict.FITS
    assert found["subnet addresses"].words == "200 free in 1 subnets, and 0 wanted"


@pytest.mark.parametrize(
    ("action", "field", "wanted"),
    [
        (Action.CREATE, "labels", True),
        (Action.REPLACE, "labels", True),
        (Action.UPDATE, "scalingConfig", True),
        (Action.MOVE, "scalingConfig", True),
        (Action.ADOPT, "scalingConfig", True),
        (Action.UPDATE, "launchTemplate", True),
        (Action.UPDATE, "labels", False),
        (Action.MOVE, "labels", False),
        (Action.DELETE, "scalingConfig", False),
    ],
)
def test_a_group_that_may_grow_is_asked_for_whatever_else_becomes_of_it(
    action: Action, field: str, wanted: bool
) -> None:
    change = Change(address=GROUP, type=MANAGED, action=action, fields=(Field(path=(field, "maxSize")),))
    assert wants_room(change) is wanted


@pytest.mark.parametrize(
    ("granted", "updating", "expected"),
    [
        # 8 of others and 8 of the two that run; two more in the one zone
        (24, {}, [Verdict.FITS]),
        (23, {}, [Verdict.TIGHT]),
        (24, {"maxUnavailable": 3}, [Verdict.TIGHT]),
        (28, {"maxUnavailable": 3}, [Verdict.FITS]),
        (16, {"updateStrategy": "MINIMAL"}, []),
    ],
)
def test_machines_that_are_exchanged_need_room_for_those_that_come_first(
    granted: float, updating: Properties, expected: list[Verdict]
) -> None:
    whole = graph(2, 2)
    group = whole.resources[GROUP]
    changed = msgspec.structs.replace(group, properties={**group.properties, "updateConfig": updating})
    demand = demand_of(Things.desired(Graph({**whole.resources, GROUP: changed}), state()), rolled=frozenset({GROUP}))
    (room,) = judge(demand, supply(granted, 2)).rooms
    assert [check.verdict for check in room.checks if check.subject == "room to update"] == expected


@pytest.mark.parametrize(("fills", "expected"), [(True, Verdict.FITS), (False, Verdict.TIGHT)])
def test_they_find_room_in_an_open_reservation_that_counts_already(fills: bool, expected: Verdict) -> None:
    demand = demand_of(Things.desired(graph(2, 2), state()), rolled=frozenset({GROUP}))
    held = {"cr-1": Reservation("g5.xlarge", "us-east-1a", "active", 2, open=fills)}
    (room,) = judge(demand, msgspec.structs.replace(supply(24, 2), reservations=held)).rooms
    assert [check.verdict for check in room.checks if check.subject == "room to update"] == [expected]


def test_a_group_without_machines_is_updated_without_any() -> None:
    demand = demand_of(Things.desired(graph(0, 2), state()), rolled=frozenset({GROUP}))
    (room,) = judge(demand, supply(100, 0)).rooms
    assert "room to update" not in [check.subject for check in room.checks]
