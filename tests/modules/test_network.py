from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mlinfra.core.address import Address
from mlinfra.core.resource import Graph
from mlinfra.core.value import Concat, Ref
from tests.library.samples import FACTS, codes, graph_of, of_type, properties, refusals

_SUBNET = "aws:ec2/subnet:Subnet"
_NAT = "aws:ec2/natGateway:NatGateway"


def _network(**inputs: Any) -> Graph:
    return graph_of({"network": {"flowLogs": False, "vpcEndpoints": [], "nat": "none", **inputs}})


def _ranges(graph: Graph) -> dict[str, str]:
    return {str(one.address): one.properties["cidrBlock"] for one in of_type(graph, _SUBNET)}


def _nat_of(graph: Graph, zone: str) -> Ref:
    route: Ref = properties(graph, f"network.private.{zone}.default-route")["natGatewayId"]
    return route


def test_each_zone_has_an_eighth_for_its_nodes_and_a_small_public_subnet() -> None:
    assert _ranges(_network(cidr="10.40.0.0/16", zones=2)) == {
        "network.public.us-east-1a.subnet": "10.40.192.0/21",
        "network.public.us-east-1b.subnet": "10.40.200.0/21",
        "network.private.us-east-1a.subnet": "10.40.0.0/19",
        "network.private.us-east-1b.subnet": "10.40.32.0/19",
    }


def test_the_smallest_network_has_the_smallest_subnets_that_aws_allows() -> None:
    assert _ranges(_network(cidr="10.0.0.0/23", zones=1))["network.public.us-east-1a.subnet"] == "10.0.1.128/28"


def test_adding_or_removing_a_zone_renumbers_no_other() -> None:
    few, many = _ranges(_network(zones=["us-east-1b", "us-east-1d"])), _ranges(_network(zones=4))
    assert few.items() < many.items()


def test_zones_may_be_named_in_any_order() -> None:
    names = ["us-east-1d", "us-east-1b"]
    assert _ranges(_network(zones=names)) == _ranges(_network(zones=names[::-1]))


def test_a_number_of_zones_takes_the_first() -> None:
    zones = [one.properties["availabilityZone"] for one in of_type(_network(zones=2), _SUBNET)]
    assert sorted(set(zones)) == ["us-east-1a", "us-east-1b"]


def test_without_nat_private_subnets_have_no_way_out() -> None:
    graph = _network(nat="none")
    assert not of_type(graph, _NAT)
    assert [one.address for one in of_type(graph, "aws:ec2/route:Route")] == ["network.public.default-route"]


def test_one_nat_gateway_serves_all_zones() -> None:
    graph = _network(nat="single")
    gateway = Ref(Address("network.nat.us-east-1a.gateway"))
    assert [_nat_of(graph, zone) for zone in FACTS.zones[:3]] == [gateway] * 3


def test_each_zone_may_have_its_own_nat_gateway() -> None:
    graph = _network(nat="per-zone")
    assert [_nat_of(graph, zone).address for zone in FACTS.zones[:3]] == [
        f"network.nat.{zone}.gateway" for zone in FACTS.zones[:3]
    ]


def test_from_one_nat_gateway_to_one_for_each_zone_only_routes_turn() -> None:
    single, each = _network(nat="single"), _network(nat="per-zone")
    assert set(single.resources) < set(each.resources)
    changed = [one.address for one in single if one.properties != each.resources[one.address].properties]
    assert changed == ["network.private.us-east-1b.default-route", "network.private.us-east-1c.default-route"]


def test_public_addresses_are_given_only_where_nodes_are_public() -> None:
    for where in ("private", "public"):
        graph = _network(nodeSubnets=where, zones=1)
        assert properties(graph, "network.public.us-east-1a.subnet")["mapPublicIpOnLaunch"] is (where == "public")
        assert properties(graph, "network.private.us-east-1a.subnet")["mapPublicIpOnLaunch"] is False


def test_subnets_are_marked_for_load_balancers() -> None:
    graph = _network(zones=1)
    assert properties(graph, "network.public.us-east-1a.subnet")["tags"]["kubernetes.io/role/elb"] == "1"
    assert properties(graph, "network.private.us-east-1a.subnet")["tags"]["kubernetes.io/role/internal-elb"] == "1"


def test_gateway_endpoints_are_in_the_private_tables_and_need_no_guard() -> None:
    graph = _network(vpcEndpoints=["s3"], zones=2)
    endpoint = properties(graph, "network.endpoints.s3")
    assert (endpoint["vpcEndpointType"], endpoint["serviceName"]) == ("Gateway", "com.amazonaws.us-east-1.s3")
    assert [one.address for one in endpoint["routeTableIds"]] == [
        "network.private.us-east-1a.route-table",
        "network.private.us-east-1b.route-table",
    ]
    assert not of_type(graph, "aws:ec2/securityGroup:SecurityGroup")


def test_interface_endpoints_are_reached_from_the_network_over_tls_alone() -> None:
    graph = _network(vpcEndpoints=["ecr.api"], cidr="10.40.0.0/16")
    endpoint = properties(graph, "network.endpoints.ecr-api")
    assert (endpoint["vpcEndpointType"], endpoint["privateDnsEnabled"]) == ("Interface", True)
    assert endpoint["securityGroupIds"] == [Ref(Address("network.endpoints.security-group"))]
    rule = properties(graph, "network.endpoints.security-group.ingress")
    assert (rule["fromPort"], rule["toPort"], rule["cidrIpv4"]) == (443, 443, "10.40.0.0/16")


def test_services_of_china_carry_its_domain() -> None:
    facts = msgspec.structs.replace(
        FACTS, partition="aws-cn", region="cn-north-1", zones=("cn-north-1a", "cn-north-1b", "cn-north-1c")
    )
    graph = graph_of({"network": {"vpcEndpoints": ["sts"]}}, facts=facts)
    assert properties(graph, "network.endpoints.sts")["serviceName"] == "cn.com.amazonaws.cn-north-1.sts"


def test_flow_logs_can_write_to_their_own_log_group_alone() -> None:
    graph = _network(flowLogs=True)
    assert properties(graph, "network.flow-logs")["vpcId"] == Ref(Address("network.vpc"))
    write, find = properties(graph, "network.flow-logs.role.policy")["policy"].content["Statement"]
    group = Ref(Address("network.flow-logs.log-group"), ("arn",))
    assert write["Resource"] == [group, Concat((group, ":*"))]
    assert find["Action"] == ["logs:DescribeLogGroups"]


def test_a_network_that_exists_is_only_named() -> None:
    use = {"vpcId": "vpc-0abc", "subnetIds": ["subnet-0a", "subnet-0b"]}
    outputs = {"vpc": Ref(Address("network"), ("vpcId",)), "nodes": Ref(Address("network"), ("subnetIds", 1))}
    graph = graph_of({"network": {"use": use}}, outputs=outputs)
    assert not graph.resources
    assert graph.outputs == {"vpc": "vpc-0abc", "nodes": "subnet-0b"}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"cidr": "10.0.0.0/12"}, [("MLI2101", "network.cidr")]),
        ({"cidr": "10.0.0.0/24"}, [("MLI2101", "network.cidr")]),
        ({"cidr": "10.0.1.0/16"}, [("MLI2101", "network.cidr")]),
        ({"cidr": "300.0.0.0/16"}, [("MLI2006", "network.cidr")]),
        ({"zones": 5}, [("MLI2102", "network.zones")]),
        ({"zones": ["us-east-1a", "us-east-1z"]}, [("MLI2102", "network.zones[1]")]),
        ({"zones": ["us-east-1a", "us-east-1a"]}, [("MLI2102", "network.zones[1]")]),
        ({"vpcEndpoints": ["s3", "sts", "s3"]}, [("MLI2105", "network.vpcEndpoints[2]")]),
        ({"use": {"vpcId": "vpc-0abc", "subnetIds": ["subnet-0a"]}, "nat": "none"}, [("MLI2103", "network")]),
        ({"cidr": "10.0.0.0/8", "zones": 6}, [("MLI2101", "network.cidr"), ("MLI2102", "network.zones")]),
    ],
)
def test_networks_that_cannot_be_are_refused(inputs: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert codes(refusals({"network": inputs})) == expected
