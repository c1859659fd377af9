"""What a stack comes to: things beside machines, the change, what cannot be counted, and the budget."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from mlinfra.advice.cost import budget_findings, budget_of, estimate
from mlinfra.advice.demand import demand_of
from mlinfra.advice.prices import Prices, read_prices
from mlinfra.advice.things import Things
from mlinfra.core import codec
from mlinfra.core.address import Address
from mlinfra.core.cost import Amount, Budget, Cost
from mlinfra.core.diagnostic import Severity
from mlinfra.core.resource import Graph
from mlinfra.core.source import Source
from mlinfra.core.state import Record, State
from mlinfra.core.value import Concat, Ref
from tests.library.samples import graph_of

from .node_groups import AWS, GROUP, TEMPLATE, node_group, resource

DAY = date(2026, 11, 21)
PRICES = read_prices("us-east-1")
VPC = Address("network.vpc")
HELD = "aws:ec2/capacityReservation:CapacityReservation"
LUSTRE = {"storageCapacity": 1200, "deploymentType": "PERSISTENT_2"}
A_METRIC = {"id": "a", "metric": {"period": 300}}
DATABASE = "aws:rds/instance:Instance"
A_DATABASE = {"engine": "postgres", "instanceClass": "db.t4g.medium", "allocatedStorage": 100}


def lone(type: str, properties: dict[str, Any], day: date = DAY, prices: Prices = PRICES) -> Cost:
    return estimate(Graph.of([resource("resources.it", type, properties)]), None, prices, day)


@pytest.mark.parametrize(
    ("type", "properties", "monthly"),
    [
        # 0.045, 0.005, 0.10 and 0.60 an hour, by 730
        ("aws:ec2/natGateway:NatGateway", {}, "32.85"),
        ("aws:ec2/eip:Eip", {"domain": "vpc"}, "3.65"),
        ("aws:eks/cluster:Cluster", {"version": "1.35"}, "73.00"),
        ("aws:eks/cluster:Cluster", {"version": "1.33"}, "438.00"),
        ("aws:eks/cluster:Cluster", {}, "73.00"),
        # 0.01 an hour in each of three zones
        ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Interface", "subnetIds": ["a", "b", "c"]}, "21.90"),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Gateway"}, "0.00"),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", {}, "0.00"),
        # 0.0225 an hour; outside of the network with an address in each zone
        ("aws:lb/loadBalancer:LoadBalancer", {"loadBalancerType": "network", "internal": True}, "16.43"),
        ("aws:lb/loadBalancer:LoadBalancer", {"subnets": [Ref(VPC), "b"]}, "23.73"),
        ("aws:kms/key:Key", {"enableKeyRotation": True}, "1.00"),
        ("aws:cloudwatch/metricAlarm:MetricAlarm", {"period": 300}, "0.10"),
        ("aws:ssm/parameter:Parameter", {"type": "String"}, "0.00"),
        ("aws:iam/role:Role", {}, "0.00"),
        # 0.065 an hour, and 0.115 for each of 100 GB; a standby costs all of it once more
        (DATABASE, A_DATABASE, "58.95"),
        (DATABASE, {**A_DATABASE, "multiAz": True}, "117.90"),
        # 0.02 for each of 4,000 IOPS beyond the 12,000 that come with 400 GB; a secret for the password
        (DATABASE, {**A_DATABASE, "allocatedStorage": 400, "iops": 16000, "storageType": "gp3"}, "173.45"),
        (DATABASE, {**A_DATABASE, "multiAz": True, "iops": 4000, "storageType": "gp3"}, "157.90"),
        (DATABASE, {**A_DATABASE, "iops": 3000, "storageThroughput": 125, "storageType": "gp3"}, "58.95"),
        (DATABASE, {**A_DATABASE, "manageMasterUserPassword": True}, "59.35"),
        ("aws:secretsmanager/secret:Secret", {}, "0.40"),
        ("aws:secretsmanager/secret:Secret", {"replicas": [{"region": "eu-west-1"}]}, "0.80"),
        # 1.006 an hour for each of two
        (HELD, {"instanceType": "g5.xlarge", "instanceCount": 2}, "1468.76"),
        ("aws:fsx/lustreFileSystem:LustreFileSystem", {**LUSTRE, "perUnitStorageThroughput": 125}, "174.00"),
        # at AWS's end of a version's support EKS takes the cluster to the next, where it is to have no extended support
        ("aws:eks/cluster:Cluster", {"version": "1.33", "upgradePolicy": {"supportType": "STANDARD"}}, "73.00"),
        ("aws:eks/cluster:Cluster", {"version": "1.27"}, "438.00"),
        ("aws:eks/cluster:Cluster", {"version": "1.99"}, "73.00"),
        # a gateway has no public address; those given to a load balancer are paid for where they are made
        ("aws:lb/loadBalancer:LoadBalancer", {"loadBalancerType": "gateway", "subnets": ["a", "b"]}, "9.13"),
        (
            "aws:lb/loadBalancer:LoadBalancer",
            {"loadBalancerType": "network", "subnetMappings": [{"subnetId": "a", "allocationId": Ref(VPC)}]},
            "16.43",
        ),
        ("aws:ec2/eip:Eip", {"publicIpv4Pool": "ipv4pool-ec2-0123"}, "0.00"),
        # an alarm on two metrics, and one on a band of what is usual
        (
            "aws:cloudwatch/metricAlarm:MetricAlarm",
            {"metricQueries": [A_METRIC, A_METRIC, {"expression": "a"}]},
            "0.20",
        ),
        ("aws:cloudwatch/metricAlarm:MetricAlarm", {"period": 300, "thresholdMetricId": "band"}, "0.30"),
        ("aws:route53/zone:Zone", {"name": "example.com"}, "0.50"),
        ("aws:efs/fileSystem:FileSystem", {}, "0.00"),
    ],
)
def test_a_thing_is_billed_by_its_tariff(type: str, properties: dict[str, Any], monthly: str) -> None:
    cost = lone(type, properties)
    assert cost.monthly == Amount.fixed(Decimal(monthly))
    assert cost.unknown == ()


def test_support_is_extended_from_the_day_that_the_standard_one_ends() -> None:
    before, after = (
        lone("aws:eks/cluster:Cluster", {"version": "1.34"}, day) for day in (date(2026, 12, 1), date(2026, 12, 2))
    )
    assert (before.monthly.expected, after.monthly.expected) == (Decimal("73.00"), Decimal("438.00"))
    assert after.lines[0].note == "standard support ended on 2026-12-02; a newer version costs less"
    assert before.lines[0].note == "standard support ends on 2026-12-02, and from then on it costs six times as much"


@pytest.mark.parametrize(
    ("type", "properties"),
    [
        ("aws:rds/instance:Instance", {}),
        ("aws:fsx/lustreFileSystem:LustreFileSystem", {"storageCapacity": 1200, "deploymentType": "SCRATCH_2"}),
        ("aws:efs/fileSystem:FileSystem", {"throughputMode": "provisioned", "provisionedThroughputInMibps": 256}),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "GatewayLoadBalancer", "subnetIds": ["a"]}),
        ("aws:ssm/parameter:Parameter", {"tier": "Advanced"}),
        ("aws:cloudwatch/metricAlarm:MetricAlarm", {"period": 10}),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Interface", "subnetIds": Ref(VPC)}),
        ("aws:eks/nodeGroup:NodeGroup", {"scalingConfig": Ref(VPC)}),
    ],
)
def test_what_nobody_knows_the_price_of_is_listed_and_in_no_figure(type: str, properties: dict[str, Any]) -> None:
    cost = lone(type, properties)
    assert cost.monthly == Amount.fixed(Decimal("0.00"))
    assert [one.address for one in cost.unknown] == ["resources.it"]


@pytest.mark.parametrize(
    ("about", "unknown"),
    [
        ({"storageThroughput": 500, "storageType": "gp3"}, "375 MiB/s beyond those that come with it"),
        ({"iops": 9000, "storageType": "io2"}, "9,000 IOPS"),
        ({"engineVersion": "12.19"}, "extended support of postgres 12, since 2025-02-28"),
        ({"databaseInsightsMode": "advanced"}, "performance data"),
    ],
)
def test_what_a_database_costs_beside_itself_is_listed_where_no_price_is_known(
    about: dict[str, Any], unknown: str
) -> None:
    assert unknown in [one.what for one in lone(DATABASE, {**A_DATABASE, **about}).unknown]


def test_a_database_that_may_grow_costs_more_at_the_most() -> None:
    # 47.45, and 0.115 for each of 100 to 500 GB
    cost = lone(DATABASE, {**A_DATABASE, "maxAllocatedStorage": 500})
    assert cost.monthly == Amount(Decimal("58.95"), Decimal("58.95"), Decimal("104.95"))
    assert next(line.what for line in cost.lines) == "its 100 to 500 GB of storage (gp3)"


@pytest.mark.parametrize(
    ("about", "unknown"),
    [
        ({"controlPlaneScalingConfig": {"tier": "tier-xl"}}, "the control plane's tier tier-xl"),
        ({"computeConfig": {"enabled": True}}, "machines of EKS Auto Mode, and its fee for them"),
    ],
)
def test_what_a_cluster_costs_beside_itself_is_listed(about: dict[str, Any], unknown: str) -> None:
    cost = lone("aws:eks/cluster:Cluster", {"version": "1.35", **about})
    assert cost.monthly.expected == Decimal("73.00")
    assert [one.what for one in cost.unknown] == [unknown]


def test_a_load_balancer_in_zones_that_are_not_known_has_addresses_that_are_listed() -> None:
    cost = lone("aws:lb/loadBalancer:LoadBalancer", {"loadBalancerType": "network", "subnets": Ref(VPC)})
    assert cost.monthly.expected == Decimal("16.43")
    assert [one.what for one in cost.unknown] == ["its public addresses"]


def test_machines_in_a_reservation_of_the_stack_are_paid_for_once() -> None:
    held = resource("resources.held", HELD, {"instanceType": "g5.xlarge", "instanceCount": 2})
    whole = node_group(["g5.xlarge"], (0, 0, 2), reservation="cr-1")
    template = whole.resources[TEMPLATE]
    target = {"capacityReservationTarget": {"capacityReservationId": Ref(held.address)}}
    launch = {**template.properties, "capacityReservationSpecification": target}
    graph = Graph.of([held, whole.resources[GROUP], msgspec.structs.replace(template, properties=launch)])
    # 1.006 x 730 for each of two; their volumes, 8 each, where they run
    cost = estimate(graph, None, PRICES, DAY)
    assert cost.monthly == Amount(Decimal("1468.76"), Decimal("1468.76"), Decimal("1484.76"))


def test_a_region_without_prices_has_no_zeros() -> None:
    cost = estimate(node_group(["m6i.large"], (1, 1, 2)), None, read_prices("ap-south-2"), DAY)
    assert cost.lines == ()
    assert [one.reason for one in cost.unknown] == ["no price is known in ap-south-2"] * 2


def test_china_has_not_the_prices_of_elsewhere() -> None:
    cost = lone("aws:kms/key:Key", {}, prices=read_prices("cn-north-1"))
    assert [one.reason for one in cost.unknown] == ["no price is known in cn-north-1"]


UNKNOWN = Concat(("x", Ref(VPC)))
WITH_ALL: tuple[tuple[str, dict[str, Any]], ...] = (
    ("aws:eks/cluster:Cluster", {"version": "1.35", "upgradePolicy": {"supportType": "EXTENDED"}, "computeConfig": {}}),
    (DATABASE, {**A_DATABASE, "iops": 9000, "storageThroughput": 500, "manageMasterUserPassword": True}),
    (DATABASE, {**A_DATABASE, "maxAllocatedStorage": 500, "enabledCloudwatchLogsExports": ["a"], "multiAz": True}),
    ("aws:lb/loadBalancer:LoadBalancer", {"internal": False, "subnets": ["a"], "ipAddressType": "ipv4"}),
    ("aws:lb/loadBalancer:LoadBalancer", {"subnetMappings": [{"subnetId": "a", "allocationId": "b"}]}),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Interface", "subnetIds": ["a"]}),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", {"period": 60, "metricQueries": [A_METRIC], "thresholdMetricId": "a"}),
    ("aws:fsx/lustreFileSystem:LustreFileSystem", {**LUSTRE, "metadataConfiguration": {"iops": 1}}),
    ("aws:efs/fileSystem:FileSystem", {"throughputMode": "provisioned", "provisionedThroughputInMibps": 9}),
    ("aws:ec2/eip:Eip", {"publicIpv4Pool": "amazon"}),
    ("aws:ec2/natGateway:NatGateway", {"subnetId": "a"}),
    ("aws:ec2/subnet:Subnet", {"cidrBlock": "10.0.0.0/24"}),
    ("aws:secretsmanager/secret:Secret", {"replicas": [{"region": "a"}]}),
    ("aws:eks/addon:Addon", {"addonName": "vpc-cni", "configurationValues": {"env": {"WARM_IP_TARGET": UNKNOWN}}}),
    (HELD, {"instanceType": "g5.xlarge", "instanceCount": 2}),
)


@pytest.mark.parametrize(("type", "properties"), WITH_ALL)
def test_any_property_of_anything_may_still_be_unknown(type: str, properties: dict[str, Any]) -> None:
    for name, value in properties.items():
        inner: list[Any] = [{**value, key: UNKNOWN} for key in value] if isinstance(value, dict) else []
        inner += [[UNKNOWN], [{"x": UNKNOWN}]] if isinstance(value, list) else []
        for unknown in (UNKNOWN, *inner):
            graph = Graph.of([resource("resources.it", type, {**properties, name: unknown})])
            assert estimate(graph, None, PRICES, DAY).monthly.expected >= 0
            assert all(not one.nodes for one in demand_of(Things.desired(graph, None)).groups)


def test_what_is_paid_by_use_is_named() -> None:
    assert [one.what for one in lone("aws:ecr/repository:Repository", {}).usage] == ["images, by size"]


def test_any_property_may_still_be_unknown() -> None:
    unknown = Concat(("x", Ref(VPC)))
    graph = node_group(["m6i.large"], (1, 1, 1))
    for address, one in graph.resources.items():
        for name in one.properties:
            changed = msgspec.structs.replace(one, properties={**one.properties, name: unknown})
            cost = estimate(Graph({**graph.resources, address: changed}), None, PRICES, DAY)
            assert cost.monthly.expected >= 0


def recorded(sizes: tuple[int, int, int], desired: int) -> State:
    """A state that knows a group of m6i.large as it was applied, and as it was seen."""
    graph = node_group(["m6i.large"], sizes)
    template, group = graph.resources[TEMPLATE], graph.resources[GROUP]
    inputs = {**group.properties, "launchTemplate": {"id": "lt-1", "version": "1"}}
    seen = {"scalingConfig": {**inputs["scalingConfig"], "desiredSize": desired}}
    records = [
        Record(
            address=TEMPLATE,
            type=template.type,
            id="lt-1",
            generation=1,
            connection=AWS,
            inputs=template.properties,
            outputs={},
        ),
        Record(
            address=GROUP, type=group.type, id="demo:gpu", generation=1, connection=AWS, inputs=inputs, outputs=seen
        ),
    ]
    return State(stack="demo", lineage="l1", records={record.address: record for record in records})


def test_the_change_is_that_against_what_the_records_say() -> None:
    # each machine with its volume 70.08 + 8; three run of at most four, and will of at most six
    cost = estimate(node_group(["m6i.large"], (2, 2, 6)), recorded((1, 1, 4), desired=3), PRICES, DAY)
    assert cost.monthly == Amount(Decimal("156.16"), Decimal("234.24"), Decimal("468.48"))
    assert cost.change == Amount(Decimal("78.08"), Decimal("0.00"), Decimal("156.16"))


def test_as_many_are_expected_as_run_within_the_bounds() -> None:
    state = recorded((1, 1, 4), desired=4)
    cost = estimate(node_group(["m6i.large"], (1, 1, 2)), state, PRICES, DAY)
    assert cost.monthly.expected == cost.monthly.maximum == Decimal("156.16")


def test_leaving_nothing_saves_all() -> None:
    cost = estimate(Graph({}), recorded((1, 1, 1), desired=1), PRICES, DAY)
    assert cost.monthly == Amount.fixed(Decimal("0.00"))
    assert cost.change == Amount.fixed(Decimal("-78.08"))


def test_the_oldest_price_dates_a_cost() -> None:
    assert lone("aws:ec2/natGateway:NatGateway", {}).prices_of == "2026-06-01"
    assert lone("aws:iam/role:Role", {}).prices_of == ""


def test_a_cost_survives_a_plan_file() -> None:
    cost = estimate(node_group(["m6i.large"], (1, 1, 2)), None, PRICES, DAY, Budget(monthly=Decimal("9.5")))
    assert codec.decode(codec.encode(cost), Cost) == cost


def test_our_own_modules_are_made_of_what_has_a_price() -> None:
    sections = {
        "network": {},
        "cluster": {},
        "nodeGroups": {"system": {"instances": ["m6i.large"], "max": 2}},
        "registries": {"models": {}},
    }
    cost = estimate(graph_of(sections), None, PRICES, DAY)
    assert cost.unknown == ()
    assert {"cluster", "nodeGroups.system", "network.nat.us-east-1a.gateway"} <= {line.address for line in cost.lines}


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        ({"monthlyUSD": 70.0, "onBreach": "fail"}, (Severity.ERROR, "MLI8001")),
        ({"monthlyUSD": 70.0}, (Severity.WARNING, "MLI8001")),
        ({"monthlyUSD": 100.0, "onBreach": "fail"}, (Severity.WARNING, "MLI8002")),
        ({"monthlyUSD": 156.16, "onBreach": "fail"}, None),
    ],
)
def test_a_budget_is_held_against_what_is_expected_and_warned_of_at_the_most(
    budget: dict[str, Any], expected: tuple[Severity, str] | None
) -> None:
    given = budget_of({"budget": budget})
    # 78.08 to 156.16
    cost = estimate(node_group(["m6i.large"], (1, 1, 2)), None, PRICES, DAY, given)
    found = budget_findings(cost, Source("stack.yaml", 5, 3))
    assert [(one.severity, one.code) for one in found] == ([expected] if expected else [])
    assert all(one.source == Source("stack.yaml", 5, 3) for one in found)


def test_a_budget_says_what_is_in_no_figure() -> None:
    graph = node_group(["m6i.large", "z9.large"], (1, 1, 2))
    cost = estimate(graph, None, PRICES, DAY, Budget(monthly=Decimal(70), fails=True))
    (found,) = budget_findings(cost)
    assert found.summary == (
        "the stack is expected to cost 78.08 USD a month, and its budget is 70.00 USD, "
        "and 1 without a known price come on top"
    )


@pytest.mark.parametrize(
    ("budget", "severity", "refused"),
    [
        ({"monthlyUSD": 900.0, "onBreach": "fail"}, Severity.ERROR, True),
        ({"monthlyUSD": 900.0}, Severity.WARNING, False),
        ({"monthlyUSD": 900.0, "onBreach": "fail", "onUnknown": "warn"}, Severity.WARNING, False),
        ({"monthlyUSD": 900.0, "onUnknown": "fail"}, Severity.ERROR, True),
    ],
)
def test_what_has_no_price_does_not_pass_a_budget(budget: dict[str, Any], severity: Severity, refused: bool) -> None:
    cost = estimate(node_group(["z9.large"], (1, 1, 1)), None, PRICES, DAY, budget_of({"budget": budget}))
    (found,) = budget_findings(cost, Source("stack.yaml", 5, 3))
    assert (found.severity, found.code, found.source) == (severity, "MLI8071", Source("stack.yaml", 5, 3))
    assert "nodeGroups.gpu: z9.large, on demand: no price is known in us-east-1" in found.detail
    assert "--refresh" in found.hint
    assert ("onUnknown: warn" in found.hint) is refused
    assert cost.refused is refused


def test_what_is_counted_at_the_most_it_may_cost_does_pass_a_budget_or_not() -> None:
    graph = node_group(["m8i.large"], (1, 1, 1), spot=True)
    wide = estimate(graph, None, PRICES, DAY, Budget(monthly=Decimal(1_000_000), fails=True, fails_unknown=True))
    assert [one.bounded for one in wide.unknown] == [True]
    assert budget_findings(wide) == ()
    narrow = msgspec.structs.replace(wide, budget=Budget(monthly=Decimal(10), fails=True))
    (found,) = budget_findings(narrow)
    assert found.code == "MLI8001"
    assert found.hint.startswith("spot machines without a known price are counted at the most they can cost")


def test_no_budget_says_nothing() -> None:
    assert budget_of({}) is None
    assert budget_findings(estimate(node_group(["p4d.24xlarge"], (9, 9, 9)), None, PRICES, DAY)) == ()
