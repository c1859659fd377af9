"""Who deletes a network is told which other stacks stand in it."""

from __future__ import annotations

from mlinfra.aws.calls import Calls
from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.plan import Action, Change
from mlinfra.core.state import State
from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.faults import FaultKind, FaultRule
from mlinfra.session.plans.lodgers import lodgers

_VPC = "aws:ec2/vpc:Vpc"


def _told(calls: Calls, vpc: str) -> list[Diagnostic]:
    network = Change(address=Address("network.vpc"), type=_VPC, action=Action.DELETE, id=vpc)
    return list(lodgers({vpc: network}, "shared", State(stack="shared", lineage="l"), calls))


def _group(calls: Calls, vpc: str, name: str, tags: dict[str, str]) -> str:
    given = [{"Key": key, "Value": value} for key, value in tags.items()]
    about = {"ResourceType": "security-group", "Tags": given}
    params = {"GroupName": name, "Description": name, "VpcId": vpc, "TagSpecifications": [about]}
    return str(calls.one("ec2", "CreateSecurityGroup", params)["GroupId"])


def test_other_stacks_and_clusters_in_a_network_are_named_with_what_they_are_seen_by(
    sandbox: Sandbox, calls: Calls
) -> None:
    vpc = calls.one("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"})["Vpc"]["VpcId"]
    assert _told(calls, vpc) == []
    _group(calls, vpc, "ours", {"mlinfra:stack": "shared"})
    _group(calls, vpc, "nobody's", {"team": "web"})
    seen = [_group(calls, vpc, name, {"mlinfra:stack": "shop"}) for name in ("doors", "fabric")]
    cluster = _group(calls, vpc, "eks", {"aws:eks:cluster-name": "legacy"})
    legacy, shop = _told(calls, vpc)
    assert legacy.summary == f"legacy stands in network.vpc ({vpc}), which this plan deletes"
    assert cluster in legacy.detail
    assert (shop.severity, shop.code, shop.address) == ("warning", "MLI3250", Address("network.vpc"))
    assert all(group in shop.detail for group in seen)
    assert "destroy shop first" in shop.hint


def test_who_may_not_look_is_told_that_nobody_knows(sandbox: Sandbox, calls: Calls) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.DENIED, operation="DescribeSecurityGroups"))
    (told,) = _told(calls, "vpc-1")
    assert told.summary.startswith("whether other stacks stand in network.vpc could not be seen: ec2 Describe")
