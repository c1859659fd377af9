"""Clusters and what belongs to them."""

from __future__ import annotations

from typing import Any

from ..things import Thing
from .table import IDENTITY, IMMUTABLE, Along, Deletes, Edit, Edits, Exceptions, of

CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
ADDON = "aws:eks/addon:Addon"
ACCESS_ENTRY = "aws:eks/accessEntry:AccessEntry"
ACCESS_POLICY = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
FARGATE = "aws:eks/fargateProfile:FargateProfile"
POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"

ONE_WAY = "one way: EKS refuses to take it back"


def _tagged(held: str = "arn") -> Edit:
    return lambda thing: thing.client("eks").tag_resource(resourceArn=thing.outputs[held], tags={"team": "edited"})


def _cluster(**params: Any) -> Edit:
    return lambda thing: thing.client("eks").update_cluster_config(name=thing.id, **_given(thing, params))


def _given(thing: Thing, params: Any) -> Any:
    if isinstance(params, dict):
        return {name: _given(thing, value) for name, value in params.items()}
    return params(thing) if callable(params) else params


def _named(operation: str, *names: str, **params: Any) -> Edit:
    """A call that names its object by these inputs, or outputs."""

    def make(thing: Thing) -> object:
        known = {**thing.outputs, **thing.inputs}
        named = {name: known[name] for name in names}
        return getattr(thing.client("eks"), operation)(**named | _given(thing, params))

    return make


def _group(**params: Any) -> Edit:
    def make(thing: Thing) -> object:
        cluster, name = thing.id.split(":")
        return thing.client("eks").update_nodegroup_config(
            clusterName=cluster, nodegroupName=name, **_given(thing, params)
        )

    return make


def _taint(**change: str) -> Edit:
    old = {"key": "dedicated", "value": "training", "effect": "NO_SCHEDULE"}
    new = {**old, **change}
    gone = [] if set(change) == {"value"} else [old]
    return _group(taints={"addOrUpdateTaints": [new], "removeTaints": gone})


def _roll(thing: Thing) -> None:
    """Roll the nodes onto another version of the same content."""
    cluster, name = thing.id.split(":")
    template, ec2 = thing.inputs["launchTemplate"]["id"], thing.client("ec2")
    latest = ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=["$Latest"])
    made = ec2.create_launch_template_version(
        LaunchTemplateId=template, LaunchTemplateData=latest["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    )
    number = str(made["LaunchTemplateVersion"]["VersionNumber"])
    thing.client("eks").update_nodegroup_version(
        clusterName=cluster, nodegroupName=name, launchTemplate={"id": template, "version": number}
    )


_scope = ("clusterName", "principalArn", "policyArn")
# What an update of an add-on does not say is not always kept.
_whole = ("clusterName", "addonName", "addonVersion", "configurationValues", "serviceAccountRoleArn")
_identity = ("clusterName", "associationId")


def _other_role(thing: Thing) -> str:
    return str(thing.other("resources.role-spare").outputs["arn"])


EDITS: Edits = {
    CLUSTER: {
        "vpcConfig.subnetIds": _cluster(
            resourcesVpcConfig={"subnetIds": lambda t: [t.other(f"resources.subnet-{z}").id for z in "ac"]}
        ),
        "vpcConfig.securityGroupIds": _cluster(
            resourcesVpcConfig={"securityGroupIds": lambda t: [t.other("resources.group-spare").id]}
        ),
        "vpcConfig.endpointPrivateAccess": _cluster(resourcesVpcConfig={"endpointPrivateAccess": False}),
        "vpcConfig.endpointPublicAccess": _cluster(resourcesVpcConfig={"endpointPublicAccess": False}),
        "vpcConfig.publicAccessCidrs": _cluster(resourcesVpcConfig={"publicAccessCidrs": ["0.0.0.0/0"]}),
        "enabledClusterLogTypes": _cluster(logging={"clusterLogging": [{"types": ["audit"], "enabled": False}]}),
        "upgradePolicy.supportType": _cluster(upgradePolicy={"supportType": "EXTENDED"}),
        "deletionProtection": _cluster(deletionProtection=True),
        "zonalShiftConfig.enabled": _cluster(zonalShiftConfig={"enabled": False}),
        "tags": _tagged(),
    },
    NODE_GROUP: {
        "scalingConfig.maxSize": _group(scalingConfig={"maxSize": 9}),
        "scalingConfig.minSize": _group(scalingConfig={"minSize": 0}),
        "launchTemplate.version": _roll,
        "labels": _group(labels={"addOrUpdateLabels": {"pool": "edited"}}),
        "taints[].key": _taint(key="edited"),
        "taints[].value": _taint(value="edited"),
        "taints[].effect": _taint(effect="NO_EXECUTE"),
        "updateConfig.maxUnavailable": _group(updateConfig={"maxUnavailable": 2, "updateStrategy": "DEFAULT"}),
        "updateConfig.maxUnavailablePercentage": _group(updateConfig={"maxUnavailablePercentage": 66}),
        "updateConfig.updateStrategy": _group(updateConfig={"maxUnavailable": 1, "updateStrategy": "MINIMAL"}),
        "nodeRepairConfig.enabled": _group(nodeRepairConfig={"enabled": False}),
        "tags": _tagged(),
    },
    ADDON: {
        "addonVersion": _named("update_addon", *_whole, addonVersion="v1.20.4-eksbuild.1"),
        "configurationValues": _named("update_addon", *_whole, configurationValues="{}"),
        "serviceAccountRoleArn": _named("update_addon", *_whole, serviceAccountRoleArn=_other_role),
        "tags": _tagged(),
    },
    ACCESS_ENTRY: {
        "kubernetesGroups": _named("update_access_entry", "clusterName", "principalArn", kubernetesGroups=["edited"]),
        "userName": _named("update_access_entry", "clusterName", "principalArn", username="edited"),
        "tags": _tagged("accessEntryArn"),
    },
    ACCESS_POLICY: {
        "accessScope.type": _named("associate_access_policy", *_scope, accessScope={"type": "cluster"}),
        "accessScope.namespaces": _named(
            "associate_access_policy", *_scope, accessScope={"type": "namespace", "namespaces": ["edited"]}
        ),
    },
    FARGATE: {"tags": _tagged()},
    POD_IDENTITY: {
        "roleArn": _named("update_pod_identity_association", *_identity, roleArn=_other_role),
        "disableSessionTags": _named(
            "update_pod_identity_association", *_identity, roleArn=of("roleArn"), disableSessionTags=False
        ),
        "targetRoleArn": _named("update_pod_identity_association", *_identity, targetRoleArn=_other_role),
        "tags": _tagged("associationArn"),
    },
}

ALONG: Along = {ACCESS_POLICY: {"accessScope.type": ("accessScope.namespaces",)}}

EXCEPTIONS: Exceptions = {
    CLUSTER: {
        "name": IDENTITY,
        "roleArn": IMMUTABLE,
        "version": ONE_WAY,
        "accessConfig.authenticationMode": ONE_WAY,
        "encryptionConfig.provider.keyArn": ONE_WAY,
        "encryptionConfig.resources": ONE_WAY,
        "vpcConfig.vpcId": IMMUTABLE,
        "kubernetesNetworkConfig.ipFamily": IMMUTABLE,
        "kubernetesNetworkConfig.serviceIpv4Cidr": IMMUTABLE,
    },
    NODE_GROUP: {
        "clusterName": IDENTITY,
        "nodeGroupName": IDENTITY,
        "nodeRoleArn": IMMUTABLE,
        "subnetIds": IMMUTABLE,
        "amiType": IMMUTABLE,
        "capacityType": IMMUTABLE,
        "diskSize": IMMUTABLE,
        "instanceTypes": IMMUTABLE,
        "launchTemplate.id": IMMUTABLE,
        "launchTemplate.name": IMMUTABLE,
        "remoteAccess.ec2SshKey": IMMUTABLE,
        "remoteAccess.sourceSecurityGroupIds": IMMUTABLE,
        "version": ONE_WAY,
        "releaseVersion": ONE_WAY,
    },
    ADDON: {"clusterName": IDENTITY, "addonName": IDENTITY},
    ACCESS_ENTRY: {"clusterName": IDENTITY, "principalArn": IDENTITY, "type": IMMUTABLE},
    ACCESS_POLICY: {"clusterName": IDENTITY, "principalArn": IDENTITY, "policyArn": IDENTITY},
    FARGATE: {
        "clusterName": IDENTITY,
        "fargateProfileName": IDENTITY,
        **dict.fromkeys(("podExecutionRoleArn", "subnetIds", "selectors[].namespace", "selectors[].labels"), IMMUTABLE),
    },
    POD_IDENTITY: {"clusterName": IDENTITY, "namespace": IDENTITY, "serviceAccount": IDENTITY},
}

DELETES: Deletes = {
    CLUSTER: _named("delete_cluster", name=lambda thing: thing.id),
    NODE_GROUP: _named("delete_nodegroup", "clusterName", nodegroupName=lambda thing: thing.id.split(":")[1]),
    ADDON: _named("delete_addon", "clusterName", "addonName"),
    FARGATE: _named("delete_fargate_profile", "clusterName", fargateProfileName=lambda t: t.id.split(":")[1]),
    ACCESS_ENTRY: _named("delete_access_entry", "clusterName", "principalArn"),
    ACCESS_POLICY: _named("disassociate_access_policy", *_scope),
    POD_IDENTITY: _named("delete_pod_identity_association", *_identity),
}
