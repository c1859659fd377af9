from __future__ import annotations

import pytest

from mlinfra.providers.aws.services.ec2_network import SUBNET, VPC
from tests.providers.aws.lifecycle import Account, Case, live

A_VPC = (VPC, lambda account: {"cidrBlock": "10.0.0.0/16"})
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
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)
