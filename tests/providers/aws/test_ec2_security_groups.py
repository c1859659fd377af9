from __future__ import annotations

import pytest

from mlinfra.providers.aws.services.ec2_security_groups import EGRESS_RULE, INGRESS_RULE, SECURITY_GROUP
from tests.providers.aws.lifecycle import Account, Case, live
from tests.providers.aws.test_ec2_network import A_VPC

A_GROUP = (
    SECURITY_GROUP,
    lambda account: {"name": "nodes", "description": "nodes", "vpcId": account.id("vpc")},
)
ANOTHER = (
    SECURITY_GROUP,
    lambda account: {"name": "others", "description": "others", "vpcId": account.id("vpc")},
)
CASES = [
    Case(
        type=SECURITY_GROUP,
        needs={"vpc": A_VPC},
        properties=lambda account: {
            "name": "nodes",
            "description": "what nodes may reach",
            "vpcId": account.id("vpc"),
            "tags": {"Name": "nodes"},
        },
        changes=(lambda account: {"tags": {"Name": "others"}},),
    ),
    Case(
        type=INGRESS_RULE,
        needs={"vpc": A_VPC, "group": A_GROUP, "other": ANOTHER},
        properties=lambda account: {
            "securityGroupId": account.id("group"),
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
            "cidrIpv4": "10.0.0.0/8",
            "description": "the API",
            "tags": {"Name": "api"},
        },
        changes=(
            lambda account: {"description": "the API server"},
            lambda account: {"fromPort": 8443, "toPort": 8443},
            lambda account: {"ipProtocol": "udp"},
        ),
    ),
    Case(
        name="rule for a group",
        type=INGRESS_RULE,
        needs={"vpc": A_VPC, "group": A_GROUP, "other": ANOTHER},
        properties=lambda account: {
            "securityGroupId": account.id("group"),
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
            "referencedSecurityGroupId": account.id("other"),
        },
        changes=(lambda account: {"tags": {"Name": "api"}},),
    ),
    Case(
        type=EGRESS_RULE,
        needs={"vpc": A_VPC, "group": A_GROUP},
        properties=lambda account: {
            "securityGroupId": account.id("group"),
            "ipProtocol": "-1",
            "cidrIpv4": "0.0.0.0/0",
        },
        changes=(lambda account: {"description": "everything"},),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


def test_a_new_group_lets_nothing_out(account: Account) -> None:
    account.make("vpc", A_VPC[0], A_VPC[1](account))
    group = account.make("group", A_GROUP[0], A_GROUP[1](account))
    [shown] = account.calls.one("ec2", "DescribeSecurityGroups", {"GroupIds": [group.id]})["SecurityGroups"]
    assert shown["IpPermissionsEgress"] == []
