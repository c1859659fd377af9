"""VPC endpoints: where they are, they have routes or interfaces, and nowhere else.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html and its neighbours; that routes come
and go with a gateway endpoint's tables: https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mlinfra.sandbox.aws.sandbox import Sandbox

S3 = "com.amazonaws.us-east-1.s3"
STS = {"ServiceName": "com.amazonaws.us-east-1.sts", "VpcEndpointType": "Interface"}


class Endpoints:
    """A VPC with two route tables, two subnets and two security groups."""

    def __init__(self, aws: Any) -> None:
        self.ec2 = aws.ec2
        self.vpc = aws.vpc()
        self.subnets = aws.subnets(self.vpc)
        self.tables = [self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"] for _ in range(2)]
        self.groups = [
            self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"] for name in "ab"
        ]

    def make(self, **asked: Any) -> str:
        return str(self.ec2.create_vpc_endpoint(VpcId=self.vpc, **asked)["VpcEndpoint"]["VpcEndpointId"])

    def shown(self, endpoint: str) -> dict[str, Any]:
        (found,) = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
        return dict(found)

    def routed(self, endpoint: str) -> list[bool]:
        """Which of the tables have a route to the endpoint."""
        tables = self.ec2.describe_route_tables(RouteTableIds=self.tables)["RouteTables"]
        by_id = {table["RouteTableId"]: [route.get("GatewayId") for route in table["Routes"]] for table in tables}
        return [endpoint in by_id[table] for table in self.tables]

    def interfaces(self) -> dict[str, list[str]]:
        """The groups of the interfaces by subnet."""
        filters = [{"Name": "vpc-id", "Values": [self.vpc]}]
        found = self.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
        return {eni["SubnetId"]: [group["GroupId"] for group in eni["Groups"]] for eni in found}


@pytest.fixture
def there(aws: Any) -> Endpoints:
    return Endpoints(aws)


def test_endpoints_of_services_that_do_not_exist_are_refused(refused: Callable[..., str], there: Endpoints) -> None:
    teapot = {"VpcId": there.vpc, "ServiceName": "com.amazonaws.us-east-1.teapot"}
    assert refused(there.ec2.create_vpc_endpoint, **teapot) == "InvalidServiceName"


def test_without_a_type_it_is_a_gateway_endpoint_and_goes_as_one(sandbox: Sandbox, there: Endpoints) -> None:
    before = sandbox.inventory()
    made = there.make(ServiceName=S3, RouteTableIds=there.tables[:1])
    shown = there.shown(made)
    assert (shown["VpcEndpointType"], shown["PrivateDnsEnabled"]) == ("Gateway", False)
    there.ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
    assert sandbox.inventory() == before
    assert there.routed(made) == [False, False]


def test_a_gateway_endpoint_is_moved_from_one_route_table_to_another(there: Endpoints) -> None:
    first, second = there.tables
    made = there.make(ServiceName=S3, RouteTableIds=[first])
    assert there.routed(made) == [True, False]
    there.ec2.modify_vpc_endpoint(VpcEndpointId=made, AddRouteTableIds=[second], RemoveRouteTableIds=[first])
    assert there.routed(made) == [False, True]
    assert there.shown(made)["RouteTableIds"] == [second]
    there.ec2.delete_route_table(RouteTableId=first)
    assert there.ec2.delete_vpc_endpoints(VpcEndpointIds=[made])["Unsuccessful"] == []
    there.ec2.delete_route_table(RouteTableId=second)


def test_an_interface_endpoint_is_moved_with_its_interfaces_and_groups(
    refused: Callable[..., str], there: Endpoints
) -> None:
    (a, b), (group, other) = there.subnets, there.groups
    made = there.make(**STS, SubnetIds=[a], SecurityGroupIds=[group])
    assert there.interfaces() == {a: [group]}
    there.ec2.modify_vpc_endpoint(VpcEndpointId=made, AddSubnetIds=[b], RemoveSubnetIds=[a])
    there.ec2.modify_vpc_endpoint(VpcEndpointId=made, AddSecurityGroupIds=[other], RemoveSecurityGroupIds=[group])
    assert there.interfaces() == {b: [other]}
    there.ec2.delete_subnet(SubnetId=a)
    there.ec2.delete_security_group(GroupId=group)
    assert refused(there.ec2.delete_subnet, SubnetId=b) == "DependencyViolation"
    assert refused(there.ec2.delete_security_group, GroupId=other) == "DependencyViolation"
    there.ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
    assert there.interfaces() == {}
    there.ec2.delete_subnet(SubnetId=b)
    there.ec2.delete_security_group(GroupId=other)


def test_an_interface_endpoint_without_groups_has_the_default_one(there: Endpoints) -> None:
    made = there.make(**STS, SubnetIds=there.subnets[:1])
    assert [group["GroupName"] for group in there.shown(made)["Groups"]] == ["default"]


def test_its_policy_and_its_names_change(refused: Callable[..., str], there: Endpoints) -> None:
    made = there.make(**STS, SubnetIds=there.subnets[:1], PrivateDnsEnabled=True)
    at_first = there.shown(made)["PolicyDocument"]
    policy = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:*", "Resource": "*"}]})
    there.ec2.modify_vpc_endpoint(VpcEndpointId=made, PolicyDocument=policy, PrivateDnsEnabled=False)
    shown = there.shown(made)
    assert (shown["PolicyDocument"], shown["PrivateDnsEnabled"]) == (policy, False)
    there.ec2.modify_vpc_endpoint(VpcEndpointId=made, ResetPolicy=True)
    assert there.shown(made)["PolicyDocument"] == at_first
    absent = {"VpcEndpointId": "vpce-00000000000000000"}
    assert refused(there.ec2.modify_vpc_endpoint, **absent, ResetPolicy=True) == "InvalidVpcEndpointId.NotFound"
    said = there.ec2.delete_vpc_endpoints(VpcEndpointIds=[absent["VpcEndpointId"]])["Unsuccessful"]
    assert [one["Error"]["Code"] for one in said] == ["InvalidVpcEndpoint.NotFound"]
