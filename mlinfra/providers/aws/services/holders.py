"""Holders: what keeps something from being deleted, in words, for declarations whose service does not name it.

Each answers what is there at the moment; that a deletion was refused because of it is the reader's conclusion.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.providers.aws.aws_type import Holding
from mlinfra.providers.aws.template import dig
from mlinfra.providers.aws.work import Work

_DEPENDING = (
    "whatever they belong to must go first, or let go of {address}: delete it, or take it out of there; then run the "
    "same command again"
)


def interfaces(work: Work, by: str) -> Iterator[str]:
    """Network interfaces, by the filter that finds them: what they are for stands in their description."""
    ours = [{"Name": by, "Values": [work.id]}]
    for one in work.pages("DescribeNetworkInterfaces", "NetworkInterfaces", Filters=ours):
        what = f" ({one['Description']})" if one.get("Description") else ""
        yield f"the network interface {one['NetworkInterfaceId']}{what} is in it"


def _of_group(work: Work) -> Iterator[str]:
    yield from interfaces(work, "group-id")
    for rule in work.pages("DescribeSecurityGroupRules", "SecurityGroupRules"):
        if dig(rule, "ReferencedGroupInfo.GroupId") == work.id and rule["GroupId"] != work.id:
            yield f"the rule {rule['SecurityGroupRuleId']} of {rule['GroupId']} names it"


def _of_network(work: Work) -> Iterator[str]:
    """What the stack has in it is gone by then: others put it there."""
    ours = [{"Name": "vpc-id", "Values": [work.id]}]
    for subnet in work.pages("DescribeSubnets", "Subnets", Filters=ours):
        yield f"the subnet {subnet['SubnetId']} is in it"
    for group in work.pages("DescribeSecurityGroups", "SecurityGroups", Filters=ours):
        if group["GroupName"] != "default":
            yield f"the security group {group['GroupId']} ({group['GroupName']}) is in it"
    for endpoint in work.pages("DescribeVpcEndpoints", "VpcEndpoints", Filters=ours):
        yield f"the endpoint {endpoint['VpcEndpointId']} is in it"
    attached = [{"Name": "attachment.vpc-id", "Values": [work.id]}]
    for gateway in work.pages("DescribeInternetGateways", "InternetGateways", Filters=attached):
        yield f"the internet gateway {gateway['InternetGatewayId']} is attached to it"
    yield from interfaces(work, "vpc-id")


GROUP = Holding(by=_of_group, hint=_DEPENDING)
SUBNET = Holding(by=lambda work: interfaces(work, "subnet-id"), hint=_DEPENDING)
NETWORK = Holding(by=_of_network, hint=_DEPENDING)


def _of_cluster(work: Work) -> Iterator[str]:
    found = work.describe() or {}
    if found.get("deletionProtection"):
        yield "it has deletion protection"
    for name in work.pages("ListNodegroups", "nodegroups", clusterName=work.id):
        yield f"the node group {name} is in it"
    for name in work.pages("ListFargateProfiles", "fargateProfileNames", clusterName=work.id):
        yield f"the Fargate profile {name} is in it"


CLUSTER = Holding(
    by=_of_cluster,
    hint="take that away (aws eks delete-nodegroup, delete-fargate-profile; update-cluster-config --no-deletion-"
    "protection), then run the same command again",
)


def protected(field: str, off: str) -> Holding:
    """Of what AWS keeps while `field` of its description says so; `off` is the command that ends that."""

    def by(work: Work) -> Iterator[str]:
        if (work.describe() or {}).get(field):
            yield "it has deletion protection"

    return Holding(
        by=by,
        hint=f"`mlinfra apply STACK --target {{address}}` sets that back where the stack does not ask for it, or "
        f"`{off}` does; then run the same command again",
    )
