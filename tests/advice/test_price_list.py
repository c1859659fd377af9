"""Prices read from a price list that answers over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlinfra.advice.cost import estimate
from mlinfra.advice.price_list import home, read_price_list
from mlinfra.advice.prices import Prices, read_prices, write_prices
from mlinfra.advice.products import product_of, wanted_prices
from mlinfra.advice.things import Things
from mlinfra.aws.calls import Calls
from mlinfra.aws.clients import Clients, Endpoint
from mlinfra.core.errors import PlanError
from mlinfra.core.resource import Graph
from tests.providers.aws.lifecycle import QuickClock

from .node_groups import node_group, resource
from .price_list import PriceList, product

DAY = date(2026, 11, 21)
_LINUX = {"operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used"}
_MACHINE = {**_LINUX, "marketoption": "OnDemand", "productFamily": "Compute Instance"}
PRODUCTS = {
    "AmazonEC2": [
        product("EUC1-BoxUsage:m6i.large", "0.1150000000", instanceType="m6i.large", **_MACHINE),
        product("EUC1-BoxUsage:g5.xlarge", "1.2580000000", instanceType="g5.xlarge", **_MACHINE),
        product("EUC1-Reservation:g5.xlarge", "0.0000000000", instanceType="g5.xlarge", **_MACHINE),
        product("EUC1-NatGateway-Bytes", "0.0520000000", "GB", productFamily="NAT Gateway"),
        product("EUC1-NatGateway-Hours", "0.0520000000", productFamily="NAT Gateway"),
        product("EUC1-RegionalNatGateway-Hours", "0.0530000000", productFamily="NAT Gateway"),
        product("EUC1-EBS:VolumeUsage.gp3", "0.0952", "GB-Mo", productFamily="Storage", volumeApiName="gp3"),
        product(
            "EUC1-EBS:VolumeP-IOPS.gp3",
            "0.0060",
            "IOPS-Mo",
            productFamily="System Operation",
            group="EBS IOPS",
            volumeApiName="gp3",
        ),
        product(
            "EUC1-EBS:VolumeP-Throughput.gp3",
            "48.7424",
            "GiBps-mo",
            productFamily="Provisioned Throughput",
            volumeApiName="gp3",
        ),
    ],
    "AmazonEKS": [
        product("EUC1-AmazonEKS-Hours:perCluster", "0.1000000000"),
        product("EUC1-AmazonEKS-Hours:extendedSupport", "0.5000000000"),
    ],
}
SPOT = {"g5.xlarge": ["0.60", "0.40", "0.50"]}
GRAPH = Graph.of(
    [
        *node_group(["g5.xlarge", "h9.large"], (1, 1, 2), spot=True, disk={"iops": 4000, "throughput": 225}),
        resource("network.nat", "aws:ec2/natGateway:NatGateway", {}),
        resource("cluster", "aws:eks/cluster:Cluster", {"version": "1.35"}),
        resource("key", "aws:kms/key:Key", {}),
    ]
)


_POSTGRES = {"productFamily": "Database Instance", "databaseEngine": "PostgreSQL", "instanceType": "db.t4g.medium"}
_STORED = {"productFamily": "Database Storage", "volumeType": "General Purpose-GP3"}
_ONE, _TWO = {"deploymentOption": "Single-AZ"}, {"deploymentOption": "Multi-AZ"}
_LUSTRE = {"productFamily": "Storage", "fileSystemType": "Lustre", "storageType": "SSD"}
# What is not machines, with what stands beside it on the list and is something else.
OTHERS = {
    "AmazonEC2": PRODUCTS["AmazonEC2"],
    "AmazonEKS": PRODUCTS["AmazonEKS"],
    "AmazonVPC": [
        product("EUC1-VpcEndpoint-Hours", "0.0120", productFamily="VpcEndpoint"),
        product("EUC1-VpcEndpoint-Bytes", "0.0100", "GB", productFamily="VpcEndpoint"),
        product("EUC1-PublicIPv4:InUseAddress", "0.0050", group="VPCPublicIPv4Address"),
        product("EUC1-PublicIPv4:IdleAddress", "0.0051", group="VPCPublicIPv4Address"),
    ],
    "AWSELB": [
        product("EUC1-LoadBalancerUsage", "0.0270", productFamily="Load Balancer-Network"),
        product("EUC1-LCUUsage", "0.0060", "LCU-Hrs", productFamily="Load Balancer-Network"),
        product("EUC1-LoadBalancerUsage", "0.0280", productFamily="Load Balancer-Application"),
        product("EUC1-TS-LoadBalancerUsage", "0.0056", productFamily="Load Balancer-Application"),
        product("EUC1-Outposts-LoadBalancerUsage", "0.0900", productFamily="Load Balancer-Application"),
        product(
            "EUC1-LoadBalancerUsage",
            "0.0910",
            productFamily="Load Balancer-Application",
            locationType="AWS Local Zone",
        ),
    ],
    "AmazonRDS": [
        product("EUC1-InstanceUsage:db.t4g.medium", "0.0780", **_POSTGRES, **_ONE),
        product("EUC1-Multi-AZUsage:db.t4g.medium", "0.1560", **_POSTGRES, **_TWO),
        product("EUC1-RDS:GP3-Storage", "0.1370", "GB-Mo", databaseEngine="PostgreSQL", **_STORED, **_ONE),
        product("EUC1-RDS:GP3-Storage", "0.1370", "GB-Mo", databaseEngine="MariaDB", **_STORED, **_ONE),
        product("EUC1-RDS:Multi-AZ-GP3-Storage", "0.2740", "GB-Mo", **_STORED, **_TWO),
    ],
    "AmazonFSx": [
        product("EUC1-Storage.SSD.125", "0.1740", "GB-Mo", throughputCapacity="125", **_LUSTRE),
        product("EUC1-Storage.SSD.250", "0.2520", "GB-Mo", throughputCapacity="250", **_LUSTRE),
    ],
    "awskms": [product("eu-central-1-KMS-Keys", "1.0000", "Keys"), product("eu-central-1-KMS-Requests", "0.0000030")],
    "AWSSecretsManager": [product("EUC1-AWSSecretsManager-Secrets", "0.4000", "Secrets")],
    "AmazonRoute53": [product("HostedZone", "0.5000", "HostedZone", regionCode="")],
    "AmazonCloudWatch": [
        product("EUC1-CW:AlarmMonitorUsage", "0.1000", "Alarms"),
        product("EUC1-CW:HighResAlarmMonitorUsage", "0.3000", "Alarms"),
    ],
    "AWSSystemsManager": [product("EUC1-PS-Advanced-Param-Tier1", "0.0000685", "Hour")],
}
# What each comes to a month, worked out from the list above.
THINGS: dict[str, tuple[str, dict[str, Any], str]] = {
    "cluster": ("aws:eks/cluster:Cluster", {"version": "1.33"}, "438.00"),  # (0.10 + 0.50) x 730
    "endpoint": (
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {"vpcEndpointType": "Interface", "subnetIds": ["a", "b"]},
        "17.52",  # 0.012 x 730 in each of two zones
    ),
    "nat": ("aws:ec2/natGateway:NatGateway", {}, "37.96"),  # 0.052 x 730
    "address": ("aws:ec2/eip:Eip", {}, "3.65"),  # 0.005 x 730
    "balancer": ("aws:lb/loadBalancer:LoadBalancer", {"loadBalancerType": "network", "internal": True}, "19.71"),
    "ingress": ("aws:lb/loadBalancer:LoadBalancer", {"loadBalancerType": "application", "internal": True}, "20.44"),
    "database": (
        "aws:rds/instance:Instance",
        {"engine": "postgres", "instanceClass": "db.t4g.medium", "allocatedStorage": 100, "multiAz": True},
        "141.28",  # twice 0.078 x 730 + 100 x 0.137
    ),
    "files": (
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        {"deploymentType": "PERSISTENT_2", "storageCapacity": 1200, "perUnitStorageThroughput": 250},
        "302.40",  # 1,200 x 0.252
    ),
    "key": ("aws:kms/key:Key", {}, "1.00"),
    "secret": ("aws:secretsmanager/secret:Secret", {}, "0.40"),
    "zone": ("aws:route53/zone:Zone", {}, "0.50"),
    "alarm": ("aws:cloudwatch/metricAlarm:MetricAlarm", {"period": 10}, "0.30"),
    "parameter": ("aws:ssm/parameter:Parameter", {"tier": "Advanced"}, "0.05"),
}


def test_what_is_not_machines_is_refreshed_and_billed_to_the_cent(tmp_path: Path) -> None:
    graph = Graph.of(resource(f"resources.{name}", kind, about) for name, (kind, about, _) in THINGS.items())
    with PriceList(OTHERS, {}) as served:
        calls = calls_to(served, "eu-central-1")
        file = read_price_list(calls, calls, wanted_prices(Things.desired(graph, None)), DAY).file
    write_prices(file, tmp_path)
    # Nothing of it is of the package, which has no prices of this region.
    cost = estimate(graph, None, Prices("eu-central-1", file), DAY)
    assert cost.unknown == ()
    found: dict[str, Decimal] = {}
    for line in cost.lines:
        found[line.address] = found.get(line.address, Decimal(0)) + line.monthly.expected
    assert found == {f"resources.{name}": Decimal(monthly) for name, (_, _, monthly) in THINGS.items()}
    assert cost.prices_of == DAY.isoformat()


def test_every_price_of_the_package_but_typical_ones_can_be_asked_for() -> None:
    for name in ("aws", "us-east-1"):
        for key in sorted(read_prices(name).keys()):
            assert key.startswith("machine.spot.") or product_of(key) is not None, key


@pytest.fixture
def served() -> Iterator[PriceList]:
    with PriceList(PRODUCTS, SPOT) as served:
        yield served


def calls_to(served: PriceList, region: str) -> Calls:
    endpoint = Endpoint(url=served.endpoint, access_key="testing", secret_key="testing")
    return Calls(Clients(region, endpoint), QuickClock(), attempts=1)


def test_prices_are_read_for_what_the_stack_is_made_of(served: PriceList, tmp_path: Path) -> None:
    keys = wanted_prices(Things.desired(GRAPH, None))
    file = read_price_list(calls_to(served, "eu-central-1"), calls_to(served, "eu-central-1"), keys, DAY).file
    assert {key: price.price for key, price in file.prices.items()} == {
        "cluster.standard": Decimal("0.1"),
        "cluster.extended": Decimal("0.6"),  # what every cluster costs, and the surcharge
        "machine.on-demand.g5.xlarge": Decimal("1.258"),
        "machine.spot.g5.xlarge": Decimal("0.50"),
        "nat-gateway": Decimal("0.052"),
        "volume.gp3.storage": Decimal("0.0952"),
        "volume.gp3.iops": Decimal("0.006"),
        "volume.gp3.throughput": Decimal("0.0476"),
    }
    assert {file.sources[price.source].date for price in file.prices.values()} == {"2026-11-21"}
    write_prices(file, tmp_path)
    cost = estimate(GRAPH, None, read_prices("eu-central-1", tmp_path), DAY)
    # spot 0.50 x 730 = 365; volume 100 x 0.0952 + 1,000 x 0.006 + 100 x 0.0476 = 20.28;
    # NAT 0.052 x 730 = 37.96; control plane 73; key 1
    assert cost.monthly.expected == Decimal("497.24")
    assert [one.what for one in cost.unknown] == ["h9.large, on demand", "h9.large, spot"]


def test_every_question_names_the_region(served: PriceList) -> None:
    calls = calls_to(served, "eu-central-1")
    read_price_list(calls, calls, ["nat-gateway", "machine.on-demand.m6i.large"], DAY)
    filters = [{one["Field"]: one["Value"] for one in asked["Filters"]} for asked in served.asked]
    assert {one["regionCode"] for one in filters} == {"eu-central-1"}
    assert all(asked["FormatVersion"] == "aws_v1" for asked in served.asked)


def test_products_that_differ_leave_a_price_unknown() -> None:
    twice = [product(f"EUC1-{n}-NatGateway-Hours", f"0.0{n}", productFamily="NAT Gateway") for n in (4, 5)]
    with PriceList({"AmazonEC2": twice}, {}) as served:
        calls = calls_to(served, "eu-central-1")
        assert read_price_list(calls, calls, ["nat-gateway"], DAY).file.prices == {}


def test_who_may_not_ask_is_told_what_is_wanted() -> None:
    with PriceList(PRODUCTS, SPOT, allowed=False) as served:
        calls = calls_to(served, "eu-central-1")
        with pytest.raises(PlanError, match="GetProducts") as raised:
            read_price_list(calls, calls, ["nat-gateway"], DAY)
    assert raised.value.code == "MLI8004"
    assert "pricing:GetProducts" in raised.value.hint


@pytest.mark.parametrize(
    ("region", "where"),
    [("us-west-2", "us-east-1"), ("eu-north-1", "eu-central-1"), ("cn-north-1", "cn-northwest-1")],
)
def test_the_list_answers_in_a_few_regions_for_all(region: str, where: str) -> None:
    assert home(region) == where


class Partial(PriceList):
    """A list that answers `said` to whoever asks for a service, and as it should otherwise."""

    def __init__(self, said: dict[str, Any]) -> None:
        super().__init__(PRODUCTS, SPOT)
        self._said = said

    def answer(self, target: str, body: bytes) -> tuple[int, str, bytes]:
        name = json.loads(body)["ServiceCode"] if target else "spot"
        if name in self._said:
            return 200, "application/x-amz-json-1.1", json.dumps(self._said[name]).encode()
        return super().answer(target, body)


def priced(dollars: Any) -> dict[str, Any]:
    return {"PriceList": [json.dumps(product("EUC1-NatGateway-Hours", dollars, productFamily="NAT Gateway"))]}


@pytest.mark.parametrize(
    "said",
    [
        {"PriceList": ["{"]},
        {"PriceList": ["[]"]},
        {"PriceList": ['{"product": 7}']},
        {"PriceList": ['{"product": {"attributes": []}}']},
        {"PriceList": [json.dumps({"product": {"attributes": {"usagetype": "NatGateway-Hours"}}, "terms": 1})]},
        priced("free"),
        priced("NaN"),
        priced("Infinity"),
        priced("-0.045"),
        priced("99999999"),
        {"PriceList": [], "NextToken": "again"},
    ],
)
def test_a_hostile_answer_leaves_a_price_as_it_was_and_the_others_are_read(said: dict[str, Any]) -> None:
    with Partial({"AmazonEC2": said}) as served:
        calls = calls_to(served, "eu-central-1")
        read = read_price_list(calls, calls, ["cluster.standard", "nat-gateway"], DAY)
    assert set(read.file.prices) == {"cluster.standard"}
    assert set(read.unread) == {"nat-gateway"}
    assert read.unread["nat-gateway"]


def test_what_is_of_another_region_is_no_answer() -> None:
    elsewhere = product("USE1-NatGateway-Hours", "0.045", productFamily="NAT Gateway", regionCode="us-east-1")
    with Partial({"AmazonEC2": {"PriceList": [json.dumps(elsewhere)]}}) as served:
        calls = calls_to(served, "eu-central-1")
        read = read_price_list(calls, calls, ["nat-gateway"], DAY)
    assert (read.file.prices, read.unread) == ({}, {})


def test_a_history_that_may_not_be_read_takes_no_other_price_away() -> None:
    with Partial({"spot": "no XML"}) as served:
        calls = calls_to(served, "eu-central-1")
        read = read_price_list(calls, calls, ["machine.spot.g5.xlarge", "nat-gateway"], DAY)
    assert set(read.file.prices) == {"nat-gateway"}
    assert set(read.unread) == {"machine.spot.g5.xlarge"}


def test_what_is_read_is_kept_beside_what_was_read_before(served: PriceList, tmp_path: Path) -> None:
    calls = calls_to(served, "eu-central-1")
    before, after = date(2026, 11, 1), DAY
    write_prices(read_price_list(calls, calls, ["nat-gateway", "cluster.standard"], before).file, tmp_path)
    write_prices(read_price_list(calls, calls, ["machine.on-demand.m6i.large", "nat-gateway"], after).file, tmp_path)
    prices = read_prices("eu-central-1", tmp_path)
    dates = {key: prices.origin(key).date for key in ("cluster.standard", "nat-gateway", "machine.on-demand.m6i.large")}
    assert dates == {
        "cluster.standard": "2026-11-01",
        "nat-gateway": "2026-11-21",
        "machine.on-demand.m6i.large": "2026-11-21",
    }


def test_a_damaged_file_is_written_anew(served: PriceList, tmp_path: Path) -> None:
    (tmp_path / "eu-central-1.json").write_text("{")
    calls = calls_to(served, "eu-central-1")
    write_prices(read_price_list(calls, calls, ["nat-gateway"], DAY).file, tmp_path)
    assert read_prices("eu-central-1", tmp_path).find("nat-gateway") is not None


_FAMILY = {"productFamily": "System Operation", "group": "EBS IOPS", "volumeApiName": "io2"}


@pytest.mark.parametrize(
    ("region", "place"),
    [
        ("us-east-1", ""),
        ("us-east-1", "USE1-"),
        ("eu-west-1", "EU-"),
        ("ap-northeast-1", "APN1-"),
    ],
)
def test_prices_of_any_region_are_read_as_its_usage_types_are_written(region: str, place: str) -> None:
    here = {"regionCode": region}
    products = {
        "AmazonEC2": [
            product(f"{place}BoxUsage:g5.xlarge", "1.1", instanceType="g5.xlarge", **_MACHINE, **here),
            product(f"{place}NatGateway-Hours", "0.05", productFamily="NAT Gateway", **here),
            product(f"{place}EBS:VolumeUsage.piops", "0.13", volumeApiName="io1", productFamily="Storage", **here),
            product(f"{place}EBS:VolumeP-IOPS.io2", "0.07", **_FAMILY, **here),
            product(f"{place}EBS:VolumeP-IOPS.io2.tier2", "0.05", **_FAMILY, **here),
        ],
        "AWSELB": [
            product(f"{place}LoadBalancerUsage", "0.03", productFamily="Load Balancer-Application", **here),
            product(f"{place}TS-LoadBalancerUsage", "0.01", productFamily="Load Balancer-Application", **here),
        ],
        "awskms": [product(f"{region}-KMS-Keys", "1", "Keys", **here)],
        "AmazonEKS": [product(f"{place or 'USE1-'}AmazonEKS-Hours:perCluster", "0.1", **here)],
    }
    expected = {
        "machine.on-demand.g5.xlarge": "1.1",
        "nat-gateway": "0.05",
        "volume.io1.storage": "0.13",
        "volume.io2.iops": "0.07",
        "load-balancer.application": "0.03",
        "key": "1",
        "cluster.standard": "0.1",
    }
    with PriceList(products, {}) as served:
        calls = calls_to(served, region)
        file = read_price_list(calls, calls, expected, DAY).file
    assert {key: str(price.price) for key, price in file.prices.items()} == expected
