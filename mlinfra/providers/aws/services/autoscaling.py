"""Scaling groups, and single tags of groups that others make.

How many machines there are is the autoscaler's affair: the desired capacity is set once. A change of the launch
template replaces the machines where `instanceRefresh` says so, and rolls nothing elsewhere. Calls and fields: Auto
Scaling API reference, 2011-01-01. Names and replacement: Pulumi's AWS schema 7.51, of groups in subnets, without launch
configurations, warm pools, the triggers and alarms of refreshes, and requirements in place of types.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlinfra.core.ownership import PREFIX
from mlinfra.core.property import Property, Replace, block, boolean, integer, list_of, set_of, text
from mlinfra.core.resource_type import NameRule, OwnedBy, ResourceType
from mlinfra.core.value import Expression
from mlinfra.providers.aws.aws_type import AwsType, Item, Reading, Shape, Tagging, Update, Waiting
from mlinfra.providers.aws.listing import parents
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.autoscaling_refresh import REFRESH, change_settings
from mlinfra.providers.aws.services.ec2_launch_template import LAUNCH_TEMPLATE
from mlinfra.providers.aws.services.ec2_network import SUBNET
from mlinfra.providers.aws.services.load_balancer_targets import TARGET_GROUP
from mlinfra.providers.aws.services.scaling_choices import fallback
from mlinfra.providers.aws.template import Computed, call, dig, prop
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

GROUP = "aws:autoscaling/group:Group"
TAG = "aws:autoscaling/tag:Tag"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"

_RESOURCE = "auto-scaling-group"
_TAG_FIELDS = {
    "key": text(required=True, replace=Replace.CREATE_FIRST),
    "value": text(required=True),
    "propagateAtLaunch": boolean(required=True),
}


def _template(prefix: str) -> Property:
    """A launch template, by id or name; without a version the default one."""
    return block(
        {
            ("launchTemplateId" if prefix else "id"): text(default=None, refers=LAUNCH_TEMPLATE),
            ("launchTemplateName" if prefix else "name"): text(default=None),
            "version": text(default="$Default"),
        }
    )


_OVERRIDE = block(
    {
        "instanceType": text(),
        "weightedCapacity": text(default=None),
        "launchTemplateSpecification": _template("launchTemplate"),
    }
)
_MIXED = block(
    {
        "launchTemplate": block(
            {
                "launchTemplateSpecification": _template("launchTemplate"),
                "overrides": list_of(_OVERRIDE, default=[]),
            }
        ),
        "instancesDistribution": block(
            {
                "onDemandAllocationStrategy": text(),
                "onDemandBaseCapacity": integer(minimum=0, default=0),
                "onDemandPercentageAboveBaseCapacity": integer(minimum=0, maximum=100, default=100),
                "spotAllocationStrategy": text(),
                "spotInstancePools": integer(),
                "spotMaxPrice": text(default=""),
            }
        ),
    }
)
# What one UpdateAutoScalingGroup can change.
_SETTINGS = {
    "minSize": integer(required=True, minimum=0),
    "maxSize": integer(required=True, minimum=0),
    "vpcZoneIdentifiers": set_of(text(refers=SUBNET), keeps=True),
    "launchTemplate": _template(""),
    "mixedInstancesPolicy": _MIXED,
    "capacityRebalance": boolean(default=False),
    "defaultCooldown": integer(default=300),
    "defaultInstanceWarmup": integer(default=-1),
    "healthCheckType": text(default="EC2"),
    "healthCheckGracePeriod": integer(minimum=0, default=0),
    "maxInstanceLifetime": integer(default=0),
    "placementGroup": text(default=""),
    "protectFromScaleIn": boolean(default=False),
    "serviceLinkedRoleArn": text(),
    "terminationPolicies": list_of(text(), default=["Default"]),
    "instanceMaintenancePolicy": block(
        {
            "minHealthyPercentage": integer(required=True, default=-1),
            "maxHealthyPercentage": integer(required=True, default=-1),
        }
    ),
}


def _joined(names: Any) -> Any:
    """Subnets as AWS takes them here; as long as one is not known, neither is the whole."""
    unknown = [name for name in names if isinstance(name, Expression)]
    return unknown[0] if unknown else ",".join(names)


def _theirs(shown: Any) -> Any:
    """The user's tags: neither ours nor AWS's."""
    return [tag for tag in shown if not tag["Key"].startswith((PREFIX, "aws:"))]


def _of_group(work: Work, tags: list[Item]) -> list[Item]:
    return [{"ResourceId": work.id, "ResourceType": _RESOURCE, **tag} for tag in tags]


def _all_tags(work: Work) -> list[Item]:
    """Ours do not go to instances."""
    ours = [{"Key": key, "Value": value, "PropagateAtLaunch": False} for key, value in work.target.owner.tags().items()]
    return [*(work.api("tags") or []), *ours]


def _own(work: Work) -> None:
    tags = [{"Key": key, "Value": value, "PropagateAtLaunch": False} for key, value in sorted(work.tags.items())]
    work.call("CreateOrUpdateTags", Tags=_of_group(work, tags))


def _disown(work: Work) -> None:
    work.call("DeleteTags", Tags=_of_group(work, [{"Key": key} for key in sorted(work.tags)]))


def _retag(work: Work) -> None:
    desired = work.api("tags") or []
    shown = work.prior.properties.get("tags", []) if work.prior is not None else []
    gone = {tag["key"] for tag in shown} - {tag["Key"] for tag in desired}
    if gone:
        work.call("DeleteTags", Tags=_of_group(work, [{"Key": key} for key in sorted(gone)]))
    if desired:
        work.call("CreateOrUpdateTags", Tags=_of_group(work, desired))


def _bring(name: str, add: str, remove: str, parameter: str, **more: Any) -> Update:
    """Members of a set that come and go by calls of their own."""

    def change(work: Work) -> None:
        desired = set(work.value(name) or [])
        shown = set(work.prior.properties.get(name, []) if work.prior is not None else [])
        for operation, members, extra in ((add, desired - shown, more), (remove, shown - desired, {})):
            if members:
                params: dict[str, Any] = {parameter: sorted(members), **extra}
                work.call(operation, AutoScalingGroupName=work.id, **params)

    return Update((name,), change)


def _group(work: Work) -> Item | None:
    """The group; while it is made, with how the launching goes."""
    found = work.call("DescribeAutoScalingGroups", AutoScalingGroupNames=[work.id])["AutoScalingGroups"]
    if not found:
        return None
    return {**found[0], **(_launch(work, found[0]) if work.prior is None else {"Launch": "complete"})}


def _launch(work: Work, group: Item) -> Item:
    """Whether there are as many instances as asked for, or the last attempt to get one failed."""
    serving = [one for one in group.get("Instances", []) if one.get("LifecycleState") == "InService"]
    capacity = sum(int(one.get("WeightedCapacity") or 1) for one in serving)
    if capacity >= group["DesiredCapacity"] or work.value("waitForCapacityTimeout") in ("0", "0s"):
        return {"Launch": "complete"}
    activities = work.call("DescribeScalingActivities", AutoScalingGroupName=work.id, MaxRecords=1)["Activities"]
    if activities and activities[0]["StatusCode"] == "Failed":
        return {"Launch": "failing", "Why": activities[0].get("StatusMessage", "")}
    return {"Launch": f"launching, {capacity} of {group['DesiredCapacity']} in service"}


def _choice(work: Work, group: Item) -> str:
    """What it got in place of the type that comes first."""
    overrides = dig(group, "MixedInstancesPolicy.LaunchTemplate.Overrides") or ()
    return fallback(work, work.id, [one["InstanceType"] for one in overrides if one.get("InstanceType")])


def _delete(work: Work) -> None:
    """A group goes when its instances have gone: it is emptied first, unless they are to be ended with it."""
    if work.describe() is None:
        return
    force = bool(work.value("forceDelete"))
    if not force:
        work.call("UpdateAutoScalingGroup", AutoScalingGroupName=work.id, MinSize=0, MaxSize=0, DesiredCapacity=0)
    work.call("DeleteAutoScalingGroup", AutoScalingGroupName=work.id, ForceDelete=force)


_GROUP = AwsType(
    about=ResourceType(
        token=GROUP,
        inputs=block(
            {
                "name": text(replace=Replace.CREATE_FIRST),
                "desiredCapacity": integer(initial=True, minimum=0),
                **_SETTINGS,
                "targetGroupArns": set_of(text(refers=TARGET_GROUP), default=[]),
                "suspendedProcesses": set_of(text(), default=[]),
                "enabledMetrics": set_of(text(), default=[]),
                "tags": set_of(block(_TAG_FIELDS), default=[], description="Tags, in the form of scaling groups."),
                "instanceRefresh": REFRESH,
                "forceDelete": boolean(write_only=True, default=False, description="End its instances with it."),
                "waitForCapacityTimeout": text(write_only=True, default="10m", description="0 waits for no instance."),
            }
        ),
        key=("name",),
        name=NameRule("name", longest=255),
    ),
    service="autoscaling",
    id="{name}",
    names={
        "name": "AutoScalingGroupName",
        "vpcZoneIdentifiers": "VPCZoneIdentifier",
        "launchTemplate.id": "LaunchTemplateId",
        "launchTemplate.name": "LaunchTemplateName",
        "protectFromScaleIn": "NewInstancesProtectedFromScaleIn",
        "serviceLinkedRoleArn": "ServiceLinkedRoleARN",
        "targetGroupArns": "TargetGroupARNs",
    },
    shapes={
        "vpcZoneIdentifiers": Shape(outward=_joined, inward=lambda shown: [name for name in shown.split(",") if name]),
        "tags": Shape(outward=lambda tags: tags, inward=_theirs),
        "suspendedProcesses": Shape(
            outward=lambda names: names, inward=lambda shown: [one["ProcessName"] for one in shown]
        ),
        "enabledMetrics": Shape(outward=lambda names: names, inward=lambda shown: [one["Metric"] for one in shown]),
    },
    create=call(
        "CreateAutoScalingGroup",
        "name",
        "desiredCapacity",
        *_SETTINGS,
        "targetGroupArns",
        lag=r"Invalid IamInstanceProfile|not authorized to use launch template",
    ),
    reading=Reading(
        listing=call("DescribeAutoScalingGroups"),
        items="AutoScalingGroups",
        one=_group,
        outputs={"arn": "AutoScalingGroupARN"},
    ),
    tagging=Tagging(form="list", creation={"Tags": Computed(_all_tags)}, add=_own, remove=_disown),
    updates=(
        Update(tuple(_SETTINGS), lambda work: change_settings(work, tuple(_SETTINGS))),
        _bring(
            "targetGroupArns", "AttachLoadBalancerTargetGroups", "DetachLoadBalancerTargetGroups", "TargetGroupARNs"
        ),
        _bring("suspendedProcesses", "SuspendProcesses", "ResumeProcesses", "ScalingProcesses"),
        _bring(
            "enabledMetrics", "EnableMetricsCollection", "DisableMetricsCollection", "Metrics", Granularity="1Minute"
        ),
        Update(("tags",), _retag),
        # Ours alone: they matter when the group is made, when its template changes, and when it is deleted.
        Update(("forceDelete", "waitForCapacityTimeout", "instanceRefresh"), ()),
    ),
    waiting=Waiting(
        state="Launch",
        ready=("complete",),
        ill=("failing",),
        why=lambda item: str(item.get("Why", "")),
        remark=_choice,
        every=10.0,
        limit=600.0,
    ),
    delete=_delete,
    conflicts=r"ResourceInUse|ScalingActivityInProgress",
)


def _split(identity: str) -> tuple[str, str]:
    """Group and key; neither Pulumi nor AWS allows a comma in the name of a group."""
    group, _, key = identity.partition(",")
    return group, key


def _behind_node_groups(reader: Reader) -> Iterator[str]:
    """The scaling groups that EKS made for node groups of ours."""
    for present in reader.objects(NODE_GROUP).objects:
        for resources in present.properties.get("resources", ()):
            yield from (group["name"] for group in resources.get("autoscalingGroups", ()))


def _tags(reader: Reader, wanted: Wanted) -> list[Item]:
    """Of our own groups all that users gave, of others what ids of interest name: EKS has tags of its own there."""
    owned = parents(_TAG, reader, wanted)
    groups = reader.pages("autoscaling", "DescribeAutoScalingGroups", "AutoScalingGroups")
    return [
        {"AutoScalingGroupName": group["AutoScalingGroupName"], "Tag": tag}
        for group in groups
        for tag in _theirs(group.get("Tags", []))
        if group["AutoScalingGroupName"] in owned
        or f"{group['AutoScalingGroupName']},{tag['Key']}" in wanted.interest.ids
    ]


def _tag(work: Work) -> Item | None:
    group, key = _split(work.id)
    filters = [{"Name": "auto-scaling-group", "Values": [group]}, {"Name": "key", "Values": [key]}]
    found = work.pages("DescribeTags", "Tags", Filters=filters)
    return next(({"AutoScalingGroupName": group, "Tag": tag} for tag in found if tag["Key"] == key), None)


def _remove_tag(work: Work) -> None:
    group, key = _split(work.id)
    if _tag(work) is not None:
        work.call("DeleteTags", Tags=[{"ResourceId": group, "ResourceType": _RESOURCE, "Key": key}])


_PUT_TAG = call(
    "CreateOrUpdateTags",
    Tags=[
        {
            "ResourceId": prop("autoscalingGroupName"),
            "ResourceType": _RESOURCE,
            "Key": prop("tag.Key"),
            "Value": prop("tag.Value"),
            "PropagateAtLaunch": prop("tag.PropagateAtLaunch"),
        }
    ],
)

_TAG = AwsType(
    about=ResourceType(
        token=TAG,
        inputs=block(
            {
                "autoscalingGroupName": text(required=True, replace=Replace.CREATE_FIRST, refers=GROUP),
                "tag": block(_TAG_FIELDS, required=True),
            }
        ),
        key=("autoscalingGroupName", "tag"),
        owned_by=OwnedBy.PARENT,
        parent="autoscalingGroupName",
    ),
    service="autoscaling",
    id="{autoscalingGroupName},{tag[key]}",
    names={"autoscalingGroupName": "AutoScalingGroupName"},
    create=_PUT_TAG,
    reading=Reading(source=_tags, one=_tag, fostered=_behind_node_groups),
    updates=(Update(("tag",), (_PUT_TAG,)),),
    delete=_remove_tag,
)

TYPES = (_GROUP, _TAG)
