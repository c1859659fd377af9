from __future__ import annotations

import pytest

from mlinfra.providers.aws.services.ec2_gateways import EIP, INTERNET_GATEWAY, NAT_GATEWAY
from mlinfra.providers.aws.services.ec2_network import SUBNET, VPC
from mlinfra.providers.aws.services.ec2_routes import ROUTE, ROUTE_TABLE, ROUTE_TABLE_ASSOCIATION
from tests.providers.aws.lifecycle import Account, Case, live

A_VPC = (VPC, lambda account: {"cidrBlock": "10.0.0.0/16"})
A_SUBNET = (SUBNET, lambda account: {"vpcId": account.id("vpc"), "cidrBlock": "10.0.1.0/24"})
A_GATEWAY = (INTERNET_GATEWAY, lambda account: {"vpcId": account.id("vpc")})
A_TABLE = (ROUTE_TABLE, lambda account: {"vpcId": account.id("vpc")})
AN_ADDRESS = (EIP, lambda account: {"domain": "vpc"})
A_NAT = (NAT_GATEWAY, lambda account: {"subnetId": account.id("subnet"), "allocationId": account.id("address")})
CASES = [
    Case(
        type=VPC,
        properties=lambda account: {
            "cidrBlock": "10.0.0.0/16",
            "enableDnsHostnames": True,
            "tags": {"team": "recsys", "Name": "demo"},
        },
        changes=(
            lambda account: {"enableDnsHostnames": None},
            lambda account: {"enableDnsSupport": False},
            lambda account: {"enableNetworkAddressUsageMetrics": True},
            lambda account: {"tags": {"team": "search"}},
            lambda account: {"tags": None},
        ),
    ),
    Case(
        type=SUBNET,
        needs={"vpc": A_VPC},
        properties=lambda account: {
            "vpcId": account.id("vpc"),
            "cidrBlock": "10.0.1.0/24",
            "availabilityZone": "us-east-1b",
            "mapPublicIpOnLaunch": True,
            "tags": {"kubernetes.io/role/elb": "1"},
        },
        changes=(
            lambda account: {"mapPublicIpOnLaunch": None},
            lambda account: {"assignIpv6AddressOnCreation": True},
            lambda account: {"tags": {"kubernetes.io/role/elb": "1", "more": "x"}},
        ),
    ),
    Case(
        type=INTERNET_GATEWAY,
        needs={"vpc": A_VPC, "other": A_VPC},
        properties=lambda account: {"vpcId": account.id("vpc"), "tags": {"Name": "demo"}},
        changes=(lambda account: {"vpcId": account.id("other")}, lambda account: {"vpcId": None}),
    ),
    Case(
        type=EIP,
        properties=lambda account: {"domain": "vpc", "tags": {"Name": "demo"}},
        changes=(lambda account: {"tags": {"Name": "other"}},),
    ),
    Case(
        type=NAT_GATEWAY,
        needs={"vpc": A_VPC, "subnet": A_SUBNET, "gateway": A_GATEWAY, "address": AN_ADDRESS},
        properties=lambda account: {
            "subnetId": account.id("subnet"),
            "allocationId": account.id("address"),
            "tags": {"Name": "demo"},
        },
        changes=(lambda account: {"tags": None},),
    ),
    Case(
        type=ROUTE_TABLE,
        needs={"vpc": A_VPC},
        properties=lambda account: {"vpcId": account.id("vpc"), "tags": {"Name": "demo"}},
        changes=(lambda account: {"tags": {"Name": "other"}},),
    ),
    Case(
        type=ROUTE,
        needs={
            "vpc": A_VPC,
            "subnet": A_SUBNET,
            "gateway": A_GATEWAY,
            "address": AN_ADDRESS,
            "nat": A_NAT,
            "table": A_TABLE,
        },
        properties=lambda account: {
            "routeTableId": account.id("table"),
            "destinationCidrBlock": "0.0.0.0/0",
            "gatewayId": account.id("gateway"),
        },
        changes=(lambda account: {"gatewayId": None, "natGatewayId": account.id("nat")},),
    ),
    Case(
        type=ROUTE_TABLE_ASSOCIATION,
        needs={"vpc": A_VPC, "subnet": A_SUBNET, "table": A_TABLE, "other": A_TABLE},
        properties=lambda account: {"subnetId": account.id("subnet"), "routeTableId": account.id("table")},
        changes=(lambda account: {"routeTableId": account.id("other")},),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)
