"""Endpoints by which a network reaches AWS's services without leaving it.

Calls and fields: EC2 API reference, 2016-11-15. Names and replacement: Pulumi's AWS schema 7.51; gateway and
interface endpoints of AWS's services.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.property import Replace, block, boolean, document, set_of, text
from mlinfra.core.resource_type import ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Shape, Update, Waiting
from mlinfra.providers.aws.forms import SERVICE_NAME
from mlinfra.providers.aws.services.ec2_network import SUBNET, VPC
from mlinfra.providers.aws.services.ec2_routes import ROUTE_TABLE
from mlinfra.providers.aws.services.ec2_security_groups import SECURITY_GROUP
from mlinfra.providers.aws.services.iam_roles import same_policy
from mlinfra.providers.aws.tags import ec2_tags
from mlinfra.providers.aws.template import ID, call
from mlinfra.providers.aws.work import Work

VPC_ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"

_PLACES = {"routeTableIds": "RouteTableIds", "subnetIds": "SubnetIds", "securityGroupIds": "SecurityGroupIds"}


def _modify(work: Work) -> None:
    """What is placed where is added and taken away, never set as a whole."""
    params: dict[str, Any] = {}
    shown = work.prior.properties if work.prior is not None else {}
    for name, api in _PLACES.items():
        if name in work.changed_names:
            desired, there = set(work.value(name) or []), set(shown.get(name) or [])
            params |= {f"Add{api}": sorted(desired - there), f"Remove{api}": sorted(there - desired)}
    if "policy" in work.changed_names:
        policy = work.value("policy")
        params |= {"PolicyDocument": policy} if policy else {"ResetPolicy": True}
    if "privateDnsEnabled" in work.changed_names:
        params["PrivateDnsEnabled"] = bool(work.value("privateDnsEnabled"))
    work.call(
        "ModifyVpcEndpoint", VpcEndpointId=work.id, **{name: value for name, value in params.items() if value != []}
    )


def _dns_entries(item: Item) -> Any:
    return [
        {"dnsName": entry.get("DnsName", ""), "hostedZoneId": entry.get("HostedZoneId", "")}
        for entry in item.get("DnsEntries", [])
    ]


def _why_not(item: Item) -> str:
    failure = item.get("LastError") or {}
    return ": ".join(str(failure[name]) for name in ("Code", "Message") if failure.get(name))


_VPC_ENDPOINT = AwsType(
    about=ResourceType(
        token=VPC_ENDPOINT,
        inputs=block(
            {
                "vpcId": text(required=True, replace=Replace.CREATE_FIRST, refers=VPC),
                # Two endpoints with private names for one service cannot stand in one network.
                "serviceName": text(rules=SERVICE_NAME, required=True, replace=Replace.DELETE_FIRST),
                "vpcEndpointType": text(replace=Replace.DELETE_FIRST, default="Gateway"),
                "routeTableIds": set_of(text(refers=ROUTE_TABLE), default=[]),
                "subnetIds": set_of(text(refers=SUBNET), default=[], keeps=True),
                "securityGroupIds": set_of(text(refers=SECURITY_GROUP), default=[]),
                "privateDnsEnabled": boolean(default=False, floating=True),  # true for interfaces that do not say
                "policy": document(canonical=same_policy, default=None),
                "tags": TAGS_PROPERTY,
            }
        ),
        volatile={"networkInterfaceIds": ("subnetIds",), "dnsEntries": ("subnetIds", "privateDnsEnabled")},
    ),
    service="ec2",
    id="VpcEndpointId",
    made="VpcEndpoint.VpcEndpointId",
    names={"policy": "PolicyDocument"},
    shapes={
        "securityGroupIds": Shape(
            outward=lambda value: value,
            inward=lambda groups: [group["GroupId"] for group in groups],
        )
    },
    create=call(
        "CreateVpcEndpoint",
        "vpcId",
        "serviceName",
        "vpcEndpointType",
        "routeTableIds",
        "subnetIds",
        "securityGroupIds",
        "privateDnsEnabled",
        "policy",
    ),
    reading=Reading(
        listing=call("DescribeVpcEndpoints"),
        items="VpcEndpoints",
        one=call("DescribeVpcEndpoints", VpcEndpointIds=[ID]),
        outputs={
            "securityGroupIds": "Groups",
            "arn": "arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{id}",
            "ownerId": "OwnerId",
            "state": "State",
            "networkInterfaceIds": "NetworkInterfaceIds",
        },
        derived={"dnsEntries": _dns_entries},
        absent={"State": ("deleted", "Deleted")},
    ),
    tagging=ec2_tags("vpc-endpoint"),
    updates=(Update(("routeTableIds", "subnetIds", "securityGroupIds", "privateDnsEnabled", "policy"), _modify),),
    waiting=Waiting(
        state="State",
        ready=("available", "Available"),
        failed=("failed", "Failed", "rejected", "Rejected", "expired", "Expired"),
        why=_why_not,
        limit=900.0,
    ),
    delete=call("DeleteVpcEndpoints", VpcEndpointIds=[ID]),
)

TYPES = (_VPC_ENDPOINT,)
