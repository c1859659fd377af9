"""What databases stand on: subnet groups, and groups of engine parameters.

Calls and fields: RDS API reference, 2014-10-31. Names and replacement: Pulumi's AWS schema 7.51, without name prefixes:
names are derived.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlinfra.core.property import Replace, block, list_of, set_of, text
from mlinfra.core.resource_type import NameRule, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Shape, Tagging, Update
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.canonical import ordered_by
from mlinfra.providers.aws.services.ec2_network import SUBNET
from mlinfra.providers.aws.template import ID, TAG_KEYS, TAGS, call, prop
from mlinfra.providers.aws.work import Work

SUBNET_GROUP = "aws:rds/subnetGroup:SubnetGroup"
PARAMETER_GROUP = "aws:rds/parameterGroup:ParameterGroup"

_ABOUT = "Managed by mlinfra"  # AWS wants a description
_AT_ONCE = 20  # parameters in one request (ModifyDBParameterGroup, November 2026)
_IN_USE = r"Invalid\w+State"


def _tagging(kind: str) -> Tagging:
    """By ARN; no listing shows them."""
    return Tagging(
        form="list",
        creation={"Tags": TAGS},
        add=call("AddTagsToResource", ResourceName=prop("arn"), Tags=TAGS),
        remove=call("RemoveTagsFromResource", ResourceName=prop("arn"), TagKeys=TAG_KEYS),
        path="",
        read=call("ListTagsForResource", ResourceName=prop("arn")),
        found="TagList",
        arn=f"arn:{{partition}}:rds:{{region}}:{{account}}:{kind}:{{id}}",
    )


_NAME = text(replace=Replace.CREATE_FIRST, pattern="^[a-z0-9][a-z0-9._ -]{0,254}$")  # AWS keeps them in small letters

_SUBNET_GROUP = AwsType(
    about=ResourceType(
        token=SUBNET_GROUP,
        inputs=block(
            {
                "name": _NAME,
                "description": text(default=_ABOUT),
                "subnetIds": set_of(text(refers=SUBNET), required=True, keeps=True),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("name",),
        name=NameRule("name", longest=255, lower=True),
        volatile={"vpcId": ("subnetIds",)},
    ),
    service="rds",
    id="DBSubnetGroupName",
    made="DBSubnetGroup.DBSubnetGroupName",
    names={"name": "DBSubnetGroupName", "description": "DBSubnetGroupDescription"},
    shapes={
        "subnetIds": Shape(
            outward=lambda ids: ids, inward=lambda shown: [subnet["SubnetIdentifier"] for subnet in shown]
        )
    },
    create=call("CreateDBSubnetGroup", "name", "description", "subnetIds", DBSubnetGroupDescription=_ABOUT),
    reading=Reading(
        listing=call("DescribeDBSubnetGroups"),
        items="DBSubnetGroups",
        one=call("DescribeDBSubnetGroups", DBSubnetGroupName=ID),
        outputs={"subnetIds": "Subnets", "arn": "DBSubnetGroupArn", "vpcId": "VpcId"},
    ),
    tagging=_tagging("subgrp"),
    updates=(
        Update(
            ("subnetIds", "description"),
            (call("ModifyDBSubnetGroup", "subnetIds", "description", DBSubnetGroupName=ID),),
        ),
    ),
    delete=call("DeleteDBSubnetGroup", DBSubnetGroupName=ID),
    conflicts=_IN_USE,
)


def _with_parameters(reader: Reader, item: Item) -> Item:
    """What was set in it; the thousands that were not are not asked for."""
    about = {"DBParameterGroupName": item["DBParameterGroupName"], "Source": "user"}
    found = reader.pages("rds", "DescribeDBParameters", "Parameters", about)
    return {**item, "Parameters": found}


def _set(work: Work) -> None:
    """Set what is new or other, and give back what is no longer asked for."""
    desired = {one["ParameterName"]: one for one in work.api("parameters") or []}
    shown = {one["name"]: one for one in (work.prior.properties.get("parameters", []) if work.prior else [])}
    there = {name: (one.get("value"), one.get("applyMethod")) for name, one in shown.items()}
    other = [
        {"ApplyMethod": "immediate", **one}
        for name, one in desired.items()
        if there.get(name) != (one["ParameterValue"], one.get("ApplyMethod", "immediate"))
    ]
    gone = [
        {"ParameterName": name, "ApplyMethod": one.get("applyMethod", "immediate")}
        for name, one in shown.items()
        if name not in desired
    ]
    for some in _lots(other):
        work.call("ModifyDBParameterGroup", DBParameterGroupName=work.id, Parameters=some)
    for some in _lots(gone):
        work.call("ResetDBParameterGroup", DBParameterGroupName=work.id, Parameters=some)


def _lots(parameters: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    yield from (parameters[start : start + _AT_ONCE] for start in range(0, len(parameters), _AT_ONCE))


_PARAMETER = block(
    {
        "name": text(required=True),
        "value": text(required=True),
        "applyMethod": text(
            default="immediate",
            enum=["immediate", "pending-reboot"],
            description="pending-reboot for static parameters.",
        ),
    }
)

_PARAMETER_GROUP = AwsType(
    about=ResourceType(
        token=PARAMETER_GROUP,
        inputs=block(
            {
                "name": _NAME,
                "family": text(required=True, replace=Replace.CREATE_FIRST),
                "description": text(replace=Replace.CREATE_FIRST, default=_ABOUT),
                "parameters": list_of(_PARAMETER, default=[], canonical=ordered_by("name")),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("name",),
        name=NameRule("name", longest=255, lower=True),
    ),
    service="rds",
    id="DBParameterGroupName",
    made="DBParameterGroup.DBParameterGroupName",
    names={
        "name": "DBParameterGroupName",
        "family": "DBParameterGroupFamily",
        "parameters[].name": "ParameterName",
        "parameters[].value": "ParameterValue",
    },
    create=call("CreateDBParameterGroup", "name", "family", "description", Description=_ABOUT),
    reading=Reading(
        listing=call("DescribeDBParameterGroups"),
        items="DBParameterGroups",
        details=_with_parameters,
        one=call("DescribeDBParameterGroups", DBParameterGroupName=ID),
        outputs={"arn": "DBParameterGroupArn"},
    ),
    tagging=_tagging("pg"),
    updates=(Update(("parameters",), _set),),
    delete=call("DeleteDBParameterGroup", DBParameterGroupName=ID),
    conflicts=_IN_USE,
)

TYPES = (_SUBNET_GROUP, _PARAMETER_GROUP)
