"""The role of machines that become nodes: what joining a cluster needs, and no application's rights. For modules."""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.core.value import Json
from mlinfra.library.outputs import Cluster
from mlinfra.library.scope import Handle, Scope

# EKS user guide, "Amazon EKS node IAM role" (November 2026).
_POLICIES = {
    "worker": "AmazonEKSWorkerNodePolicy",
    "cni": "AmazonEKS_CNI_Policy",
    "images": "AmazonEC2ContainerRegistryPullOnly",
}
# Systems Manager user guide, "Configure instance permissions" (November 2026): where a tunnel leads through a node.
_TUNNEL = {"tunnel": "AmazonSSMManagedInstanceCore"}


def add_role(
    scope: Scope, facts: Facts, local_name: str = "role", *, tunnel: bool = False
) -> tuple[Handle, list[Handle]]:
    """Add the role and its attachments. tunnel: whether a way to the cluster's API leads through the nodes."""
    # China has a service principal of its own for EC2 (IAM user guide, "AWS service principals").
    domain = "amazonaws.com.cn" if facts.partition == "aws-cn" else "amazonaws.com"
    statement = {"Effect": "Allow", "Principal": {"Service": f"ec2.{domain}"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    role = scope.add(local_name, "aws:iam/role:Role", {"assumeRolePolicy": Json(trust)})
    attachments = [
        scope.add(
            f"{local_name}.{name}",
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            {"role": role.id, "policyArn": f"arn:{facts.partition}:iam::aws:policy/{policy}"},
        )
        for name, policy in {**_POLICIES, **(_TUNNEL if tunnel else {})}.items()
    ]
    return role, attachments


def add_profile(scope: Scope, role: Handle) -> Handle:
    """What hands the role to machines."""
    return scope.add("instance-profile", "aws:iam/instanceProfile:InstanceProfile", {"role": role.id})


def add_entry(scope: Scope, cluster: Cluster, role: Handle) -> Handle:
    """What lets machines with the role join."""
    properties = {"clusterName": cluster.name, "principalArn": role.arn, "type": "EC2_LINUX"}
    return scope.add("access", "aws:eks/accessEntry:AccessEntry", properties)
