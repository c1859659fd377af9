"""What EKS refuses when a node group is made or changed.

https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html lists what may not stand in a launch template,
https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html what the role of nodes needs (2026).
"""

from __future__ import annotations

import re
from typing import Any

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import Call
from mlinfra.sandbox.aws.eks import catalogue, references
from mlinfra.sandbox.aws.eks.store import Body, Cluster, invalid_parameter
from mlinfra.sandbox.aws.protocol import service_model

_WORKER_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy")
_TAINT_EFFECTS = ("NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE")
_LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")


def check_creation(account: Account, cluster: Cluster, call: Call) -> Any:
    """Refuse a node group that cannot be made; answers the version of its launch template, if it has one."""
    references.require_role(account, call["nodeRole"], "ec2.amazonaws.com")
    subnets = references.require_subnets(account, call.region, call["subnets"])
    if not subnets or subnets[0].vpc_id != cluster.vpc:
        raise invalid_parameter(f"Subnets are not tagged with or do not belong to the VPC of cluster {cluster.name}")
    _check_enumerations(call)
    references.require_instance_types(account, call.get("instanceTypes", []))
    check_scaling(call.get("scalingConfig", {}))
    check_update_config(call.get("updateConfig", {}))
    check_labels(call.get("labels", {}))
    for taint in call.get("taints", []):
        if taint.get("effect") not in _TAINT_EFFECTS:
            raise invalid_parameter(f"Invalid taint effect {taint.get('effect')}")
    check_version(cluster, call.get("version"))
    template = None
    if asked := call.get("launchTemplate"):
        _, template = references.require_launch_template(account, call.region, asked)
        check_template(account, call.params, template.data)
    elif call.get("amiType") == "CUSTOM":
        raise invalid_parameter("AMI type CUSTOM is not supported without a launch template that has an image")
    return template


def check_template(account: Account, params: Body, data: Body) -> None:
    """Refuse a launch template, or parameters beside it, that managed node groups do not take."""
    if params.get("diskSize"):
        raise invalid_parameter("Disk size must be specified within the launch template.")
    if params.get("remoteAccess"):
        raise invalid_parameter("Remote access configuration cannot be specified with a launch template.")
    if data.get("InstanceType") and params.get("instanceTypes"):
        raise invalid_parameter("Instance type can be specified in the launch template or in the request, not in both")
    for name in ("InstanceMarketOptions", "IamInstanceProfile", "HibernationOptions"):
        if data.get(name) and not (name == "InstanceMarketOptions" and params.get("capacityType") == "CAPACITY_BLOCK"):
            raise invalid_parameter(f"Launch template should not specify {name}")
    if any(interface.get("SubnetId") for interface in data.get("NetworkInterfaces") or []):
        raise invalid_parameter("Launch template should not specify a subnet ID in its network interfaces")
    if data.get("ImageId") and params.get("amiType") not in (None, "CUSTOM"):
        raise invalid_parameter(
            "You cannot specify an AMI Type other than CUSTOM with an image ID in the launch template"
        )
    if params.get("amiType") == "CUSTOM" and not data.get("ImageId"):
        raise invalid_parameter("AMI type CUSTOM needs an image ID in the launch template")
    if data.get("InstanceType"):
        references.require_instance_types(account, [data["InstanceType"]])


def check_version(cluster: Cluster, wanted: str | None) -> None:
    """Refuse nodes that are newer than their cluster, or too old for it."""
    if wanted is None:
        return
    if not catalogue.is_offered(wanted) or catalogue.minor(wanted) > catalogue.minor(cluster.body["version"]):
        raise invalid_parameter(
            f"Requested Nodegroup Kubernetes version {wanted} is not supported by cluster version "
            f"{cluster.body['version']}"
        )


def check_scaling(config: Body) -> None:
    """Refuse sizes that contradict each other."""
    low, high, wanted = config.get("minSize"), config.get("maxSize"), config.get("desiredSize")
    if high is not None and high < 1:
        raise invalid_parameter("maxSize must be at least 1")
    if low is not None and high is not None and low > high:
        raise invalid_parameter(f"Minimum capacity {low} can't be greater than maximum capacity {high}")
    if wanted is not None and low is not None and wanted < low:
        raise invalid_parameter(f"Minimum capacity {low} can't be greater than desired size {wanted}")
    if wanted is not None and high is not None and wanted > high:
        raise invalid_parameter(f"desired capacity {wanted} can't be greater than max size {high}")


def check_update_config(config: Body) -> None:
    """Refuse both ways of saying how many nodes may be unavailable."""
    if config.get("maxUnavailable") and config.get("maxUnavailablePercentage"):
        raise invalid_parameter("Only one of maxUnavailable and maxUnavailablePercentage may be specified")


def check_labels(labels: dict[str, str]) -> None:
    """Refuse labels that Kubernetes would refuse, or that are reserved."""
    for key in labels:
        if not _LABEL_KEY.fullmatch(key):
            raise invalid_parameter(f"Label {key} is not a valid Kubernetes label key")
        if key.startswith(("kubernetes.io/", "k8s.io/", "eks.amazonaws.com/")):
            raise invalid_parameter(
                f"Label cannot contain reserved prefixes [kubernetes.io/, k8s.io/, eks.amazonaws.com/]: {key}"
            )


def lacks_worker_policy(account: Account, role_arn: str) -> bool:
    """Whether nodes with that role could not join: none of the policies for workers is attached to it."""
    role = next((role for role in account.iam.roles.values() if role.arn == role_arn), None)
    attached = {arn.rpartition("/")[2] for arn in (role.managed_policies if role else {})}
    return not attached.intersection(_WORKER_POLICIES)


def _check_enumerations(call: Call) -> None:
    for name, shape in (("amiType", "AMITypes"), ("capacityType", "CapacityTypes")):
        allowed = service_model("eks").shape_for(shape).enum
        if call.get(name) is not None and call.get(name) not in allowed:
            raise invalid_parameter(f"{name} {call.get(name)} is not one of {', '.join(allowed)}")
