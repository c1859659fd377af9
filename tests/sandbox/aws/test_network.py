"""The network: what EC2 refuses, and what takes time. Codes: the EC2 API reference, "Error codes"
(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlinfra.sandbox.aws.sandbox import Sandbox

ABSENT = "00000000000000000"
EVERYWHERE = "0.0.0.0/0"


class Network:
    """A VPC with a way out, and a NAT gateway in its first subnet."""

    def __init__(self, aws: Any) -> None:
        ec2 = aws.ec2
        self.vpc = aws.vpc()
        self.subnets = aws.subnets(self.vpc)
        self.gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        self.nat = ec2.create_nat_gateway(SubnetId=self.subnets[0], AllocationId=self.address)["NatGateway"]
        self.table = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=self.table, SubnetId=self.subnets[1])


@pytest.fixture
def network(aws: Any) -> Network:
    return Network(aws)


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("create_subnet", {"VpcId": f"vpc-{ABSENT}", "CidrBlock": "10.0.0.0/24"}, "InvalidVpcID.NotFound"),
        ("create_route_table", {"VpcId": f"vpc-{ABSENT}"}, "InvalidVpcID.NotFound"),
        (
            "create_security_group",
            {"VpcId": f"vpc-{ABSENT}", "GroupName": "a", "Description": "a"},
            "InvalidVpcID.NotFound",
        ),
        (
            "create_nat_gateway",
            {"SubnetId": f"subnet-{ABSENT}", "AllocationId": f"eipalloc-{ABSENT}"},
            "InvalidSubnetID.NotFound",
        ),
        ("create_network_interface", {"SubnetId": f"subnet-{ABSENT}"}, "InvalidSubnetID.NotFound"),
        ("describe_security_groups", {"GroupIds": [f"sg-{ABSENT}"]}, "InvalidGroup.NotFound"),
        ("describe_nat_gateways", {"NatGatewayIds": [f"nat-{ABSENT}"]}, "NatGatewayNotFound"),
        ("delete_nat_gateway", {"NatGatewayId": f"nat-{ABSENT}"}, "NatGatewayNotFound"),
        ("describe_flow_logs", {"FlowLogIds": [f"fl-{ABSENT}"]}, "InvalidFlowLogId.NotFound"),
        (
            "describe_launch_templates",
            {"LaunchTemplateIds": [f"lt-{ABSENT}"]},
            "InvalidLaunchTemplateId.NotFound",
        ),
        ("delete_launch_template", {"LaunchTemplateId": f"lt-{ABSENT}"}, "InvalidLaunchTemplateId.NotFound"),
        (
            "run_instances",
            {"ImageId": "ami-00000000", "InstanceType": "m6i.large", "MinCount": 1, "MaxCount": 1},
            "InvalidAMIID.NotFound",
        ),
        (
            "run_instances",
            {"ImageId": "ami-12c6146b", "InstanceType": "m99.mega", "MinCount": 1, "MaxCount": 1},
            "InvalidParameterValue",
        ),
    ],
)
def test_what_refers_to_nothing_is_refused(
    aws: Any, refused: Callable[..., str], operation: str, params: dict[str, Any], code: str
) -> None:
    assert refused(getattr(aws.ec2, operation), **params) == code


def test_routes_and_interfaces_refer_to_what_exists(aws: Any, refused: Callable[..., str], network: Network) -> None:
    route = {"RouteTableId": network.table, "DestinationCidrBlock": EVERYWHERE}
    assert refused(aws.ec2.create_route, **route, NatGatewayId=f"nat-{ABSENT}") == "InvalidNatGatewayID.NotFound"
    interface = {"SubnetId": network.subnets[0], "Groups": [f"sg-{ABSENT}"]}
    assert refused(aws.ec2.create_network_interface, **interface) == "InvalidGroup.NotFound"


def test_a_vpc_has_one_internet_gateway(aws: Any, refused: Callable[..., str], network: Network) -> None:
    # https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
    other = aws.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    attach = {"InternetGatewayId": other, "VpcId": network.vpc}
    assert refused(aws.ec2.attach_internet_gateway, **attach) == "InvalidParameterValue"


def test_a_subnet_has_one_route_table(aws: Any, refused: Callable[..., str], network: Network) -> None:
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateRouteTable.html
    other = aws.ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    again = {"RouteTableId": other, "SubnetId": network.subnets[1]}
    assert refused(aws.ec2.associate_route_table, **again) == "Resource.AlreadyAssociated"


def test_what_is_used_is_not_deleted(aws: Any, refused: Callable[..., str], network: Network) -> None:
    ec2 = aws.ec2
    assert refused(ec2.delete_vpc, VpcId=network.vpc) == "DependencyViolation"
    assert refused(ec2.delete_subnet, SubnetId=network.subnets[0]) == "DependencyViolation"
    assert refused(ec2.delete_internet_gateway, InternetGatewayId=network.gateway) == "DependencyViolation"
    detach = {"InternetGatewayId": network.gateway, "VpcId": network.vpc}
    assert refused(ec2.detach_internet_gateway, **detach) == "DependencyViolation"
    assert refused(ec2.release_address, AllocationId=network.address) == "InvalidIPAddress.InUse"
    assert refused(ec2.delete_route_table, RouteTableId=network.table) == "DependencyViolation"
    interface = network.nat["NatGatewayAddresses"][0]["NetworkInterfaceId"]
    assert refused(ec2.delete_network_interface, NetworkInterfaceId=interface) == "InvalidParameterValue"


def test_in_the_right_order_everything_goes(aws: Any, sandbox: Sandbox, network: Network) -> None:
    ec2 = aws.ec2
    ec2.delete_nat_gateway(NatGatewayId=network.nat["NatGatewayId"])
    ec2.get_waiter("nat_gateway_deleted").wait(
        NatGatewayIds=[network.nat["NatGatewayId"]], WaiterConfig={"Delay": 0, "MaxAttempts": 5}
    )
    ec2.release_address(AllocationId=network.address)
    ec2.detach_internet_gateway(InternetGatewayId=network.gateway, VpcId=network.vpc)
    ec2.delete_internet_gateway(InternetGatewayId=network.gateway)
    for subnet in network.subnets:
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_route_table(RouteTableId=network.table)
    ec2.delete_vpc(VpcId=network.vpc)
    assert sandbox.inventory() == []


def test_a_vpc_with_a_gateway_a_group_or_a_table_is_not_deleted(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpc.html
    vpc = aws.vpc()
    group = aws.ec2.create_security_group(GroupName="a", Description="a", VpcId=vpc)["GroupId"]
    assert refused(aws.ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"
    aws.ec2.delete_security_group(GroupId=group)
    gateway = aws.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    assert refused(aws.ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"
    aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    aws.ec2.delete_vpc(VpcId=vpc)


def test_a_security_group_that_is_default_borne_or_named_is_not_deleted(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html
    vpc = aws.vpc()
    (subnet,) = aws.subnets(vpc, "a")
    groups = [aws.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in "abc"]
    pair = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": groups[0]}]}
    aws.ec2.authorize_security_group_ingress(GroupId=groups[1], IpPermissions=[pair])
    aws.ec2.create_network_interface(SubnetId=subnet, Groups=[groups[2]])
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    (default,) = aws.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    assert refused(aws.ec2.delete_security_group, GroupId=groups[0]) == "DependencyViolation"
    assert refused(aws.ec2.delete_security_group, GroupId=groups[2]) == "DependencyViolation"
    assert refused(aws.ec2.delete_security_group, GroupId=default["GroupId"]) == "CannotDelete"
    aws.ec2.delete_security_group(GroupId=groups[1])
    aws.ec2.delete_security_group(GroupId=groups[0])


def test_a_nat_gateway_is_pending_first_and_fails_without_a_way_out(aws: Any, network: Network) -> None:
    # https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
    assert network.nat["State"] == "pending"
    (nat,) = aws.ec2.describe_nat_gateways(NatGatewayIds=[network.nat["NatGatewayId"]])["NatGateways"]
    assert nat["State"] == "available"
    (subnet,) = aws.subnets(aws.vpc(), "a")
    address = aws.ec2.allocate_address(Domain="vpc")["AllocationId"]
    lost = aws.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    (nat,) = aws.ec2.describe_nat_gateways(NatGatewayIds=[lost])["NatGateways"]
    assert (nat["State"], nat["FailureCode"]) == ("failed", "Gateway.NotAttached")


def test_nat_gateways_are_found_by_tag(aws: Any, network: Network) -> None:
    aws.ec2.create_tags(Resources=[network.nat["NatGatewayId"]], Tags=[{"Key": "a", "Value": "b"}])
    found = aws.ec2.describe_nat_gateways(Filters=[{"Name": "tag:a", "Values": ["b"]}])["NatGateways"]
    assert [nat["NatGatewayId"] for nat in found] == [network.nat["NatGatewayId"]]
    assert aws.ec2.describe_nat_gateways(Filters=[{"Name": "tag:a", "Values": ["c"]}])["NatGateways"] == []


def test_the_same_token_gives_the_same_gateway_and_other_parameters_an_error(
    aws: Any, refused: Callable[..., str], network: Network
) -> None:
    # https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
    address = aws.ec2.allocate_address(Domain="vpc")["AllocationId"]
    asked = {"SubnetId": network.subnets[1], "AllocationId": address, "ClientToken": "t"}
    first = aws.ec2.create_nat_gateway(**asked)["NatGateway"]["NatGatewayId"]
    assert aws.ec2.create_nat_gateway(**asked)["NatGateway"]["NatGatewayId"] == first
    assert len(aws.ec2.describe_nat_gateways()["NatGateways"]) == 2
    other = {**asked, "SubnetId": network.subnets[0]}
    assert refused(aws.ec2.create_nat_gateway, **other) == "IdempotentParameterMismatch"


@pytest.mark.parametrize("operation", ["create_launch_template", "create_vpc_endpoint", "create_route_table"])
def test_other_creations_honour_tokens_too(aws: Any, sandbox: Sandbox, operation: str, network: Network) -> None:
    asked: dict[str, dict[str, Any]] = {
        "create_launch_template": {"LaunchTemplateName": "tmpl", "LaunchTemplateData": {"InstanceType": "m6i.large"}},
        "create_vpc_endpoint": {"VpcId": network.vpc, "ServiceName": "com.amazonaws.us-east-1.s3"},
        "create_route_table": {"VpcId": network.vpc},
    }
    create = getattr(aws.ec2, operation)
    first = create(**asked[operation], ClientToken="t")
    after = sandbox.inventory()
    again = create(**asked[operation], ClientToken="t")
    assert sandbox.inventory() == after
    first.pop("ResponseMetadata")
    again.pop("ResponseMetadata")
    assert again == first


def test_instances_end_with_their_interfaces(aws: Any, sandbox: Sandbox) -> None:
    (subnet,) = aws.subnets(aws.vpc(), "a")
    before = sandbox.inventory()
    run = {"ImageId": "ami-12c6146b", "InstanceType": "m6i.large", "MinCount": 1, "MaxCount": 1, "SubnetId": subnet}
    (instance,) = aws.ec2.run_instances(**run)["Instances"]
    assert ("ec2:instance", instance["InstanceId"]) in sandbox.inventory()
    aws.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert sandbox.inventory() == before


def test_tags_are_found_by_what_they_are_on(aws: Any) -> None:
    tags = [{"Key": "Name", "Value": "one"}, {"Key": "team", "Value": "a"}]
    one, two, bare = (aws.ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in range(3))
    aws.ec2.create_tags(Resources=[one, two], Tags=tags)
    by_id = {"Name": "resource-id", "Values": [one, bare]}
    found = aws.ec2.describe_tags(Filters=[by_id])["Tags"]
    assert found == [{**tag, "ResourceId": one, "ResourceType": "vpc"} for tag in tags]
    assert aws.ec2.describe_tags(Filters=[{**by_id, "Values": [f"{one[:-1]}?"]}])["Tags"] == found
    [named] = aws.ec2.describe_tags(Filters=[by_id, {"Name": "key", "Values": ["Name"]}])["Tags"]
    assert named["Value"] == "one"
    assert aws.ec2.describe_vpcs(VpcIds=[two])["Vpcs"][0]["Tags"] == tags
