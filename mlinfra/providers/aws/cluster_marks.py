"""Cluster marks: the tags by which controllers say which cluster they made something for.

Read by `sweep`. What each controller writes, with its source, read 2026-11-24:

- AWS Load Balancer Controller: `elbv2.k8s.aws/cluster: NAME` (kubernetes-sigs.github.io/aws-load-balancer-controller,
  "Security groups", and its IAM policy).
- The EFS and FSx drivers where our components install them: `kubernetes.io/cluster/NAME: owned`, which they are told.
- The cloud controller for classic and older network balancers, and the EBS driver where it is told the cluster's name
  (as the EKS add-on is): `kubernetes.io/cluster/NAME: owned` (kubernetes-sigs/aws-ebs-csi-driver, docs/tagging.md).
- The EBS driver under its policy of cluster scope: `ebs.csi.aws.com/cluster-name: NAME` (AWS managed policy reference,
  AmazonEBSCSIDriverEKSClusterScopedPolicy).
- VPC CNI: `cluster.k8s.amazonaws.com/name: NAME` (aws/amazon-vpc-cni-k8s, README).
- EKS itself: `eks:cluster-name`, `aws:eks:cluster-name` (EKS User Guide, "Tagging your resources").
- Karpenter: `eks:eks-cluster-name: NAME`, beside `kubernetes.io/cluster/NAME: owned` (aws/karpenter-provider-aws,
  pkg/cloudprovider/cloudprovider.go); `karpenter.k8s.aws/cluster: NAME` on launch templates (its CloudFormation).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlinfra.core.ownership import PREFIX

_NAMING = (
    "elbv2.k8s.aws/cluster",
    "ebs.csi.aws.com/cluster-name",
    "cluster.k8s.amazonaws.com/name",
    "eks:cluster-name",
    "aws:eks:cluster-name",
    "eks:eks-cluster-name",
    "karpenter.k8s.aws/cluster",
)


def bears(tags: Mapping[str, str], cluster: str) -> bool:
    """Whether something was made for a cluster by what ran in it.

    What bears our own tags was made by a stack, and is the engine's affair; what is shared is nobody's alone.
    """
    if any(key.startswith(PREFIX) for key in tags):
        return False
    return tags.get(_owned(cluster)) == "owned" or any(tags.get(key) == cluster for key in _NAMING)


def _owned(cluster: str) -> str:
    return f"kubernetes.io/cluster/{cluster}"


def tags_in(listed: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """AWS's list of tags as a map."""
    return {tag["Key"]: tag.get("Value", "") for tag in listed or ()}
