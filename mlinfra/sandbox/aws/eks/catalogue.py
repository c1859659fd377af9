"""What EKS offers: Kubernetes versions, add-ons, access policies, image types.

Facts of the real service, each with its source. Handlers look things up here; nothing here changes.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec


class ClusterVersion(msgspec.Struct, frozen=True):
    """A Kubernetes version: when EKS released it, and until when standard and extended support last."""

    name: str
    released: datetime
    standard_until: datetime
    extended_until: datetime


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html, the release calendar, as it stood in
# April 2026; the sandbox offers those that EKS supports in November 2026.
VERSIONS = (
    ClusterVersion("1.31", _day("2024-09-26"), _day("2025-11-26"), _day("2026-11-26")),
    ClusterVersion("1.32", _day("2025-01-23"), _day("2026-03-23"), _day("2027-03-23")),
    ClusterVersion("1.33", _day("2025-05-29"), _day("2026-07-29"), _day("2027-07-29")),
    ClusterVersion("1.34", _day("2025-10-02"), _day("2026-12-02"), _day("2027-12-02")),
    ClusterVersion("1.35", _day("2026-01-27"), _day("2027-03-27"), _day("2028-03-27")),
)
DEFAULT_VERSION = "1.35"

# How many minor versions nodes may lie behind the control plane:
# https://kubernetes.io/releases/version-skew-policy/#kubelet (three since 1.28).
NODE_SKEW = 3


def is_offered(version: str) -> bool:
    """Whether clusters of that version can be made."""
    return any(offered.name == version for offered in VERSIONS)


def minor(version: str) -> int:
    """The minor part of `1.33`."""
    return int(version.partition(".")[2])


class AddOn(msgspec.Struct, frozen=True):
    """An add-on: its versions (newest first), its kind, its owner, and the service account that needs a role."""

    name: str
    versions: tuple[str, ...]
    kind: str = "networking"
    publisher: str = "eks"
    namespace: str = "kube-system"
    needs_role: bool = False


# Names and kinds: https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html (2026).
# `{k}` stands for the cluster's Kubernetes version; versions are of the form that EKS uses, not a list of its releases.
ADD_ONS = (
    AddOn("vpc-cni", ("v1.20.4-eksbuild.1", "v1.19.6-eksbuild.7"), needs_role=True),
    AddOn("coredns", ("v1.12.4-eksbuild.1", "v1.11.4-eksbuild.24")),
    AddOn("kube-proxy", ("v{k}.3-eksbuild.5", "v{k}.0-eksbuild.2")),
    AddOn("eks-pod-identity-agent", ("v1.3.9-eksbuild.3", "v1.3.8-eksbuild.2"), "security"),
    AddOn("aws-ebs-csi-driver", ("v1.50.1-eksbuild.1", "v1.48.0-eksbuild.2"), "storage", needs_role=True),
    AddOn("aws-efs-csi-driver", ("v2.1.13-eksbuild.1", "v2.1.4-eksbuild.1"), "storage", needs_role=True),
    AddOn("aws-fsx-csi-driver", ("v1.5.0-eksbuild.1",), "storage", needs_role=True),
    AddOn("aws-mountpoint-s3-csi-driver", ("v2.1.0-eksbuild.1", "v1.15.0-eksbuild.1"), "storage", needs_role=True),
    AddOn("snapshot-controller", ("v8.3.0-eksbuild.1",), "storage"),
    AddOn("metrics-server", ("v0.8.0-eksbuild.2", "v0.7.2-eksbuild.4"), "observability", "community"),
    AddOn("kube-state-metrics", ("v2.17.0-eksbuild.1",), "observability", "community", "kube-state-metrics"),
    AddOn("prometheus-node-exporter", ("v1.9.1-eksbuild.4",), "observability", "community", "prometheus-node-exporter"),
    AddOn("cert-manager", ("v1.18.2-eksbuild.2",), "security", "community", "cert-manager"),
    AddOn("external-dns", ("v0.19.0-eksbuild.2",), "networking", "community", "external-dns", needs_role=True),
    AddOn("amazon-cloudwatch-observability", ("v4.4.0-eksbuild.1",), "observability", namespace="amazon-cloudwatch"),
    AddOn("adot", ("v0.131.0-eksbuild.1",), "observability", namespace="opentelemetry-operator-system"),
    AddOn("eks-node-monitoring-agent", ("v1.4.1-eksbuild.1",), "observability"),
)


def add_on(name: str) -> AddOn | None:
    """The add-on of that name."""
    return next((found for found in ADD_ONS if found.name == name), None)


def add_on_versions(found: AddOn, kubernetes: str) -> tuple[str, ...]:
    """The versions of an add-on for a Kubernetes version, newest first."""
    return tuple(version.format(k=kubernetes) for version in found.versions)


# https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html (2026).
ACCESS_POLICIES = (
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSAutoNodePolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSViewPolicy",
    "AmazonEKSSecretReaderPolicy",
    "AmazonEKSNetworkingPolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSLoadBalancingPolicy",
)


def access_policy_arn(name: str, partition: str = "aws") -> str:
    """The ARN of an access policy; it belongs to no account."""
    return f"arn:{partition}:eks::aws:cluster-access-policy/{name}"


def architecture_of(ami_type: str) -> str:
    """The architecture that an image type is for."""
    return "arm64" if "ARM_64" in ami_type else "x86_64"


def release_version(version: str, ami_type: str) -> str:
    """The image release of a node group. Form: https://docs.aws.amazon.com/eks/latest/userguide/eks-linux-ami-versions.html."""
    return f"{version}.4-20261105" if not ami_type.startswith("BOTTLEROCKET") else "1.49.0-713f44ce"
