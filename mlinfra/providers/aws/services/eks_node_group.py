"""Managed node groups.

Calls and fields: EKS API reference, 2017-11-01. Names and replacement: Pulumi's AWS schema 7.51.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.property import Replace, block, boolean, integer, list_of, map_of, set_of, text
from mlinfra.core.resource_type import NameRule, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Leaving, Reading, Update, Waiting
from mlinfra.providers.aws.forms import KUBERNETES, TEMPLATE_VERSION
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.ec2_launch_template import LAUNCH_TEMPLATE
from mlinfra.providers.aws.services.ec2_network import SUBNET
from mlinfra.providers.aws.services.ec2_security_groups import SECURITY_GROUP
from mlinfra.providers.aws.services.eks_children import children, clusters_of
from mlinfra.providers.aws.services.eks_cluster import CLUSTER
from mlinfra.providers.aws.services.eks_updates import carry_through, health
from mlinfra.providers.aws.services.iam_roles import ROLE
from mlinfra.providers.aws.services.scaling_choices import fallback
from mlinfra.providers.aws.tags import eks_tags
from mlinfra.providers.aws.template import call
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"


def _names(work: Work) -> dict[str, str]:
    return {"clusterName": work.value("clusterName"), "nodegroupName": work.value("nodeGroupName")}


def _scaling(work: Work) -> dict[str, int]:
    """New bounds; the size belongs to the autoscaler, and is moved only where the bounds leave it outside."""
    bounds = work.value("scalingConfig")
    least, most = bounds["minSize"], bounds["maxSize"]
    shown = work.prior.properties.get("scalingConfig", {}) if work.prior is not None else {}
    size = shown.get("desiredSize", least)
    within = min(max(size, least), most)
    return {"minSize": least, "maxSize": most, **({"desiredSize": within} if within != size else {})}


def _labels(work: Work) -> dict[str, Any]:
    desired = work.value("labels") or {}
    shown = work.prior.properties.get("labels", {}) if work.prior is not None else {}
    changed = {str(path[1]) for path in work.changed if path[0] == "labels" and len(path) > 1}
    changed = changed or {key for key in {**desired, **shown} if desired.get(key) != shown.get(key)}
    return {
        "addOrUpdateLabels": {key: desired[key] for key in sorted(changed) if key in desired},
        "removeLabels": sorted(key for key in changed if key not in desired),
    }


def _taints(work: Work) -> dict[str, Any]:
    desired = work.value("taints") or []
    shown = work.prior.properties.get("taints", []) if work.prior is not None else []
    kept = {(taint["key"], taint["effect"]) for taint in desired}
    return {
        "addOrUpdateTaints": [taint for taint in desired if taint not in shown],
        "removeTaints": [taint for taint in shown if (taint["key"], taint["effect"]) not in kept],
    }


def _update_config(work: Work) -> None:
    """All of these go into one update, since EKS takes one at a time."""
    changed = work.changed_names
    params: dict[str, Any] = {}
    if "scalingConfig" in changed:
        params["scalingConfig"] = _scaling(work)
    if "labels" in changed:
        params["labels"] = _labels(work)
    if "taints" in changed:
        params["taints"] = _taints(work)
    for name in ("updateConfig", "nodeRepairConfig"):
        if name in changed:
            params[name] = work.api(name)
    carry_through(work, "UpdateNodegroupConfig", **_names(work), **params)


def _update_version(work: Work) -> None:
    template = work.api("launchTemplate")
    params = {
        "version": work.api("version") if "version" in work.changed_names else None,
        "releaseVersion": work.api("releaseVersion") if "releaseVersion" in work.changed_names else None,
        "launchTemplate": template if "launchTemplate" in work.changed_names else None,
        "force": bool(work.value("forceUpdateVersion")),
    }
    if template and "version" in template:  # AWS takes id or name, not both
        template.pop("name", None) if "id" in template else None
    given = {name: value for name, value in params.items() if value is not None}
    carry_through(work, "UpdateNodegroupVersion", **_names(work), **given)


def _node_groups(reader: Reader, wanted: Wanted) -> list[Item]:
    clusters = clusters_of(_NODE_GROUP, reader, wanted)
    return children(reader, clusters, "ListNodegroups", "nodegroups", "nodegroupName")


def _describe(reader: Reader, item: Item) -> Item:
    if "nodegroupArn" in item:
        return item
    names = {"clusterName": item["clusterName"], "nodegroupName": item["nodegroupName"]}
    found: Item = reader.one("eks", "DescribeNodegroup", names, item["nodegroupName"])["nodegroup"]
    return found


def _resources(item: Item) -> Any:
    shown = item.get("resources") or {}
    groups = [{"name": group["name"]} for group in shown.get("autoScalingGroups", [])]
    return [{"autoscalingGroups": groups, "remoteAccessSecurityGroupId": shown.get("remoteAccessSecurityGroup", "")}]


_FIXED = Replace.CREATE_FIRST
_INPUTS = {
    "clusterName": text(required=True, replace=_FIXED, refers=CLUSTER),
    "nodeGroupName": text(replace=_FIXED),
    "nodeRoleArn": text(required=True, replace=_FIXED, refers=ROLE),
    "subnetIds": set_of(text(refers=SUBNET), required=True, replace=_FIXED),
    "scalingConfig": block(
        {
            "desiredSize": integer(required=True, initial=True),
            "maxSize": integer(required=True),
            "minSize": integer(required=True),
        },
        required=True,
    ),
    "amiType": text(replace=_FIXED),
    "capacityType": text(replace=_FIXED, default="ON_DEMAND"),
    "diskSize": integer(minimum=1, maximum=16384, replace=_FIXED),
    "instanceTypes": list_of(text(), replace=_FIXED),
    "launchTemplate": block(
        {
            "id": text(replace=_FIXED, refers=LAUNCH_TEMPLATE),
            "name": text(replace=_FIXED),
            "version": text(rules=TEMPLATE_VERSION, required=True),
        }
    ),
    "remoteAccess": block(
        {"ec2SshKey": text(), "sourceSecurityGroupIds": set_of(text(refers=SECURITY_GROUP))}, replace=_FIXED
    ),
    "labels": map_of(text(), default={}),
    "taints": set_of(block({"key": text(required=True), "value": text(), "effect": text(required=True)}), default=[]),
    "updateConfig": block(
        {"maxUnavailable": integer(), "maxUnavailablePercentage": integer(), "updateStrategy": text()}
    ),
    "nodeRepairConfig": block({"enabled": boolean(default=False)}),
    "version": text(rules=KUBERNETES),
    "releaseVersion": text(),
    "forceUpdateVersion": boolean(write_only=True, default=False),
    "tags": TAGS_PROPERTY,
}


def _choice(work: Work, group: Item) -> str:
    """What it got in place of the type that comes first."""
    behind = (group.get("resources") or {}).get("autoScalingGroups") or ()
    return "; ".join(told for one in behind if (told := fallback(work, one["name"], group.get("instanceTypes") or ())))


_NODE_GROUP = AwsType(
    about=ResourceType(
        token=NODE_GROUP,
        inputs=block(_INPUTS),
        key=("clusterName", "nodeGroupName"),
        name=NameRule("nodeGroupName", longest=63),
        volatile={"status": ()},
    ),
    service="eks",
    upper=False,
    id="{clusterName}:{nodeGroupName}",
    names={
        "nodeGroupName": "nodegroupName",
        "nodeRoleArn": "nodeRole",
        "subnetIds": "subnets",
        "remoteAccess.sourceSecurityGroupIds": "sourceSecurityGroups",
    },
    create=call(
        "CreateNodegroup",
        "clusterName",
        "nodeGroupName",
        "nodeRoleArn",
        "subnetIds",
        "scalingConfig",
        "amiType",
        "capacityType",
        "diskSize",
        "instanceTypes",
        "launchTemplate",
        "remoteAccess",
        "labels",
        "taints",
        "updateConfig",
        "nodeRepairConfig",
        "version",
        "releaseVersion",
        lag=r"(?i)InvalidParameter.*role.*(not exist|not found|assumed|trust)",
    ),
    reading=Reading(
        source=_node_groups,
        details=_describe,
        one=call("DescribeNodegroup", "clusterName", "nodeGroupName"),
        item="nodegroup",
        outputs={"arn": "nodegroupArn", "status": "status"},
        derived={"resources": _resources},
    ),
    tagging=eks_tags(),
    updates=(
        Update(("version", "releaseVersion", "launchTemplate"), _update_version),
        Update(("scalingConfig", "labels", "taints", "updateConfig", "nodeRepairConfig"), _update_config),
        Update(("forceUpdateVersion",), ()),
    ),
    waiting=Waiting(
        state="status",
        ready=("ACTIVE",),
        failed=("CREATE_FAILED",),
        ill=("DEGRADED", "DELETE_FAILED"),
        why=health,
        remark=_choice,
        every=10.0,
        limit=3600.0,
    ),
    leaving=Leaving.SLOWLY,
    delete=call("DeleteNodegroup", "clusterName", "nodeGroupName"),
    conflicts=r"ResourceInUse",
)

TYPES = (_NODE_GROUP,)
