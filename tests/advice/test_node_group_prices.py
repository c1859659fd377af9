"""Fifteen node groups, each worked out by hand from the prices of this file, to the cent.

A month is 730 hours. Volumes are 100 GiB gp3 unless said otherwise: 8.00 a month each.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from mlinfra.advice.cost import estimate
from mlinfra.advice.prices import Origin, Price, PriceFile, Prices
from mlinfra.advice.tokens import NODE_POOL
from mlinfra.core.cost import Amount
from mlinfra.core.resource import Graph
from mlinfra.core.value import Ref
from tests.library.samples import graph_of
from tests.modules.cases import group

from .node_groups import GROUP, TEMPLATE, mixed_group, node_group, resource

_HOURLY = {
    "machine.on-demand.m6i.large": "0.096",
    "machine.on-demand.m6i.xlarge": "0.192",
    "machine.on-demand.g5.xlarge": "1.006",
    "machine.on-demand.g5.2xlarge": "1.212",
    "machine.on-demand.p4d.24xlarge": "21.957642",
    "machine.spot.g5.xlarge": "0.5089",
    "machine.spot.g5.2xlarge": "0.6111",
    "machine.spot.m6i.large": "0.0369",
    "public-address": "0.005",
}
_MONTHLY = {
    "volume.gp3.storage": "0.08",
    "volume.gp3.iops": "0.005",
    "volume.gp3.throughput": "0.04",
    "volume.gp2.storage": "0.10",
    "volume.io1.storage": "0.125",
    "volume.io1.iops": "0.065",
    "volume.io2.storage": "0.125",
    "volume.io2.iops": "0.065",
}
PRICES = Prices(
    "us-east-1",
    PriceFile(
        region="us-east-1",
        sources={"list": Origin("https://example.org/prices", "2026-11-01")},
        prices={
            **{key: Price(Decimal(price), "hour", "list") for key, price in _HOURLY.items()},
            **{key: Price(Decimal(price), "month", "list") for key, price in _MONTHLY.items()},
        },
    ),
)
DAY = date(2026, 11, 21)
SPOT = {"onDemandBaseCapacity": 1, "onDemandPercentageAboveBaseCapacity": 20}

# Each case: the group, then minimum, expected and maximum a month.
CASES = {
    # 0.096 x 730 = 70.08; with its volume 78.08; x 2, 2, 4
    "two to four small machines": (node_group(["m6i.large"], (2, 2, 4)), "156.16", "156.16", "312.32"),
    # 0.192 x 730 = 140.16; + 8 = 148.16
    "always three": (node_group(["m6i.xlarge"], (3, 3, 3)), "444.48", "444.48", "444.48"),
    # (734.38 + 8) x 0, 0, 4, since 1.006 x 730 = 734.38
    "GPUs from nothing": (node_group(["g5.xlarge"], (0, 0, 4)), "0.00", "0.00", "2969.52"),
    # five are wanted from the first: 5 x 742.38 = 3,711.90; at most 8 x 742.38
    "more than the fewest at first": (node_group(["g5.xlarge"], (2, 5, 8)), "1484.76", "3711.90", "5939.04"),
    # fewest: the cheaper, 734.38 + 8; expected: the first, 1.212 x 730 = 884.76 + 8; most: the dearer, twice
    "two types, the dearer first": (
        node_group(["g5.2xlarge", "g5.xlarge"], (1, 1, 2)),
        "742.38",
        "892.76",
        "1785.52",
    ),
    # typical 0.5089 x 730 = 371.497; + 8 = 379.497; x 2 = 758.994; at most four on demand: 4 x 742.38
    "spot": (node_group(["g5.xlarge"], (2, 2, 4), spot=True), "758.99", "758.99", "2969.52"),
    # fewest: 371.497 + 8; expected: (0.5089 + 0.6111) / 2 x 730 = 408.80, + 8; most: 884.76 + 8
    "spot of two types": (
        node_group(["g5.xlarge", "g5.2xlarge"], (1, 1, 1), spot=True),
        "379.50",
        "416.80",
        "892.76",
    ),
    # the machines are paid for; their volumes are not: 500 GiB x 0.08 = 40, for 0, 0 and 2
    "reserved": (
        node_group(["p4d.24xlarge"], (0, 0, 2), reservation="cr-0123456789abcdef0", disk={"volumeSize": 500}),
        "0.00",
        "0.00",
        "80.00",
    ),
    # 21.957642 x 730 = 16,029.07866; the volume 1,000 x 0.08 = 80
    "large machines": (
        node_group(["p4d.24xlarge"], (1, 1, 2), disk={"volumeSize": 1000}),
        "16109.08",
        "16109.08",
        "32218.16",
    ),
    # gp3: 200 x 0.08 = 16; (4,000 - 3,000) x 0.005 = 5; (250 - 125) x 0.04 = 5; together 26; + 70.08
    "fast volumes": (
        node_group(["m6i.large"], (1, 1, 3), disk={"volumeSize": 200, "iops": 4000, "throughput": 250}),
        "96.08",
        "96.08",
        "288.24",
    ),
    # what gp3 comes with costs nothing more: 100 x 0.08
    "volumes as they come": (
        node_group(["m6i.large"], (1, 1, 1), disk={"iops": 3000, "throughput": 125}),
        "78.08",
        "78.08",
        "78.08",
    ),
    # gp2: 300 x 0.10 = 30; + 70.08
    "older volumes": (
        node_group(["m6i.large"], (1, 1, 2), disk={"volumeSize": 300, "volumeType": "gp2"}),
        "100.08",
        "100.08",
        "200.16",
    ),
    # io1: 100 x 0.125 = 12.50, 5,000 x 0.065 = 325; + 70.08
    "provisioned volumes": (
        node_group(["m6i.large"], (1, 1, 1), disk={"volumeType": "io1", "iops": 5000}),
        "407.58",
        "407.58",
        "407.58",
    ),
    # 70.08 + 8 + 0.005 x 730 = 81.73
    "public addresses": (node_group(["m6i.large"], (2, 2, 4), public=True), "163.46", "163.46", "326.92"),
    # 1 on demand, and of the others a fifth, rounded up: 1 of 1; of 4: 1 + ⌈0.6⌉ = 2; of 8: 1 + ⌈1.4⌉ = 3
    # expected: 2 x 734.38 + 2 x 371.497 + 4 x 8 = 2,243.754; most: 8 x 734.38 + 64 = 5,939.04
    "mixed": (mixed_group(["g5.xlarge"], (1, 4, 8), SPOT), "742.38", "2243.75", "5939.04"),
}


# Nothing is there at first. At most: two of the dearer, 2 x (884.76 + 8); a disk of 1 TiB: 2 x 0.08 x (1024 - 100) more
_POOLS = {
    "on-demand": ({}, "1785.52"),
    "spot": ({"capacity": {"type": "spot", "fallback": "on-demand"}}, "1785.52"),
    "a large disk": ({"volume": {"size": "1Ti"}}, "1933.36"),
}


@pytest.mark.parametrize("name", _POOLS)
def test_a_node_pool_costs_nothing_at_first_and_at_most_what_its_group_would(name: str) -> None:
    about, most = _POOLS[name]
    sections = {**group(max=2, **about), "autoscaling": {"nodes": {"kind": "karpenter"}}}
    whole = graph_of(sections)
    pool = Graph.of([one for one in whole if one.address.is_within("nodeGroups.gpu")])
    cost = estimate(pool, None, PRICES, DAY)
    assert cost.monthly == Amount(Decimal("0.00"), Decimal("0.00"), Decimal(most))
    assert cost.unknown == ()


@pytest.mark.parametrize("name", CASES)
def test_a_group_comes_to_what_it_does_by_hand(name: str) -> None:
    graph, *figures = CASES[name]
    cost = estimate(graph, None, PRICES, DAY)
    assert cost.monthly == Amount(*map(Decimal, figures))
    assert cost.change == cost.monthly
    assert cost.unknown == ()


def test_there_are_fifteen() -> None:
    assert len(CASES) == 15


def test_a_spot_machine_never_costs_more_than_the_stack_pays() -> None:
    most = {"onDemandPercentageAboveBaseCapacity": 0, "spotMaxPrice": "0.40"}
    cost = estimate(mixed_group(["g5.xlarge"], (1, 1, 2), most), None, PRICES, DAY)
    # 0.40 x 730 = 292, + 8
    assert cost.monthly == Amount(Decimal("300.00"), Decimal("300.00"), Decimal("600.00"))
    assert cost.lines[0].note.startswith("spot at 0.4 USD an hour at the most, and it typically costs 0.")
    assert cost.lines[0].note.endswith("there may be none to be had")
    enough = estimate(mixed_group(["g5.xlarge"], (1, 1, 2), {**most, "spotMaxPrice": "0.90"}), None, PRICES, DAY)
    assert enough.lines[0].note == "spot at the typical price, and 0.9 USD an hour at the most"


@pytest.mark.parametrize(
    ("graph", "unknown"),
    [
        (node_group(["x9.large"], (1, 1, 1)), ["x9.large, on demand"]),
        (node_group(["m6i.xlarge"], (1, 1, 1), spot=True), ["m6i.xlarge, spot"]),
        (node_group(["m6i.large", "x9.large"], (1, 1, 1)), ["x9.large, on demand"]),
    ],
)
def test_a_type_without_a_price_is_listed_and_not_free(graph: Graph, unknown: list[str]) -> None:
    cost = estimate(graph, None, PRICES, DAY)
    assert [one.what for one in cost.unknown] == unknown
    # 70.08 for the machine that has a price, or 140.16 on demand for that of which no spot price is known; 8 a volume
    figures = {"m6i.large": "78.08", "m6i.xlarge": "148.16"}
    priced = next((figure for name, figure in figures.items() if name in cost.lines[0].what), "8.00")
    assert cost.monthly.expected == Decimal(priced)


def test_spot_machines_without_a_typical_price_are_counted_as_on_demand_and_listed() -> None:
    # At first 1 on demand and 1 of 3 more: 2 x 140.16; the other two at the on-demand price too; 4 x 8 for volumes.
    cost = estimate(mixed_group(["m6i.xlarge"], (0, 4, 8), SPOT), None, PRICES, DAY)
    assert cost.monthly == Amount(Decimal("0.00"), Decimal("592.64"), Decimal("1185.28"))
    (unknown,) = cost.unknown
    assert (unknown.what, unknown.bounded) == ("m6i.xlarge, spot", True)
    assert unknown.reason.startswith("no price is known, and it is counted at the on-demand price")
    assert cost.uncounted == ()
    assert "for want of a typical one" in cost.lines[0].note


def test_a_type_without_a_typical_price_does_not_hide_that_of_another() -> None:
    # The fewest are of the type that is known to be cheap: 371.497 + 8; expected: (0.5089 + 0.192) / 2 x 730 + 8.
    cost = estimate(node_group(["g5.xlarge", "m6i.xlarge"], (1, 1, 1), spot=True), None, PRICES, DAY)
    assert cost.monthly == Amount(Decimal("148.16"), Decimal("263.83"), Decimal("742.38"))
    assert [one.what for one in cost.unknown] == ["m6i.xlarge, spot"]


def test_machines_of_public_subnets_have_public_addresses_where_their_template_says_nothing() -> None:
    subnet = resource("network.public.a", "aws:ec2/subnet:Subnet", {"mapPublicIpOnLaunch": True})
    whole = {one.address: one for one in node_group(["m6i.large"], (1, 1, 2))}
    group, template = whole[GROUP], whole[TEMPLATE]
    plain = {name: value for name, value in template.properties.items() if name != "networkInterfaces"}
    group = msgspec.structs.replace(group, properties={**group.properties, "subnetIds": [Ref(subnet.address)]})
    silent = msgspec.structs.replace(template, properties=plain)
    # 70.08 + 8 + 0.005 x 730 = 81.73; the template that says so has none
    assert estimate(Graph.of([subnet, group, silent]), None, PRICES, DAY).monthly.maximum == Decimal("163.46")
    assert estimate(Graph.of([subnet, group, template]), None, PRICES, DAY).monthly.maximum == Decimal("156.16")


def test_a_node_pool_that_does_not_say_what_disks_its_machines_have_is_listed() -> None:
    needs = [{"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["m6i.large"]}]
    spec = {"limits": {"nodes": "2"}, "template": {"spec": {"requirements": needs}}}
    cost = estimate(Graph.of([resource("resources.pool", NODE_POOL, {"spec": spec})]), None, PRICES, DAY)
    assert [one.what for one in cost.unknown] == ["the machines' volumes"]
    # 2 x 70.08
    assert cost.monthly.maximum == Decimal("140.16")


def test_a_volume_that_no_price_covers_wholly_is_listed() -> None:
    disk = {"volumeType": "io2", "iops": 64000}
    cost = estimate(node_group(["m6i.large"], (1, 1, 1), disk=disk), None, PRICES, DAY)
    assert cost.monthly == Amount.fixed(Decimal("70.08"))
    assert [one.reason for one in cost.unknown] == ["no price is known of all of its performance"]


def test_an_hour_is_a_month_by_730() -> None:
    cost = estimate(node_group(["m6i.xlarge"], (3, 3, 3)), None, PRICES, DAY)
    # 444.48 / 730 = 0.60887...
    assert cost.monthly.hourly() == Amount.fixed(Decimal("0.6089"))
