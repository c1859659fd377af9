from __future__ import annotations

from typing import Any

from mlinfra.core.observed import Present
from mlinfra.engine.diff import compare
from mlinfra.providers.aws.services.ec2_default_security_group import DEFAULT_SECURITY_GROUP
from tests.providers.aws.lifecycle import Account, Case, live
from tests.providers.aws.test_ec2_network import A_VPC

_EVERYTHING = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
_EMPTIED = Case(
    type=DEFAULT_SECURITY_GROUP,
    needs={"vpc": A_VPC},
    properties=lambda account: {"vpcId": account.id("vpc"), "ingress": []},
)


def _shown(account: Account, group: str) -> Any:
    [shown] = account.calls.one("ec2", "DescribeSecurityGroups", {"GroupIds": [group]})["SecurityGroups"]
    return shown


def test_it_lives(account: Account) -> None:
    live(account, _EMPTIED)


def test_the_group_of_a_new_network_is_emptied_and_stays_so_when_nobody_declares_it_any_more(account: Account) -> None:
    vpc = account.make("vpc", A_VPC[0], A_VPC[1](account))
    [given] = account.calls.one("ec2", "DescribeSecurityGroups", {"Filters": [{"Name": "vpc-id", "Values": [vpc.id]}]})[
        "SecurityGroups"
    ]
    assert given["IpPermissionsEgress"], "AWS lets everything out, and members talk to each other"
    assert [pair["GroupId"] for rule in given["IpPermissions"] for pair in rule["UserIdGroupPairs"]] == [
        given["GroupId"]
    ]
    made = account.make("group", DEFAULT_SECURITY_GROUP, {"vpcId": vpc.id})
    assert made.id == given["GroupId"]
    account.provider.delete(
        account.target("group", DEFAULT_SECURITY_GROUP, {"vpcId": vpc.id}, made.id), account.journal()
    )
    shown = _shown(account, made.id)
    assert (shown["IpPermissions"], shown["IpPermissionsEgress"], shown.get("Tags", [])) == ([], [], [])


def test_a_rule_that_somebody_adds_is_drift_and_is_taken_away(account: Account) -> None:
    vpc = account.make("vpc", A_VPC[0], A_VPC[1](account))
    properties = {"vpcId": vpc.id, "ingress": [], "egress": []}
    made = account.make("group", DEFAULT_SECURITY_GROUP, properties)
    account.calls.one("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": made.id, "IpPermissions": [_EVERYTHING]})
    target = account.target("group", DEFAULT_SECURITY_GROUP, properties, made.id)
    found = account.provider.find(target)
    assert isinstance(found, Present)
    difference = compare(account.provider.types()[DEFAULT_SECURITY_GROUP], properties, properties, found.properties)
    assert [field.path for field in difference.fields] == [("ingress",)]
    account.provider.update(target, found, difference.changed, account.journal())
    assert _shown(account, made.id)["IpPermissions"] == []
