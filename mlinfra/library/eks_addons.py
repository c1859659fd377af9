"""EKS add-ons by name, as far as this version knows them: who misspells one need not wait for EKS to say so.

EKS offers more: those of the marketplace, and those that came later. What is not among these is left to it.
"""

from __future__ import annotations

from mlinfra.documents.near import slip

# EKS user guide, "AWS add-ons" and "Community add-ons" (read November 2026).
KNOWN = frozenset(
    {
        "adot",
        "amazon-cloudwatch-observability",
        "amazon-sagemaker-hyperpod-observability",
        "amazon-sagemaker-hyperpod-taskgovernance",
        "amazon-sagemaker-hyperpod-training-operator",
        "aws-ebs-csi-driver",
        "aws-efs-csi-driver",
        "aws-fsx-csi-driver",
        "aws-guardduty-agent",
        "aws-mountpoint-s3-csi-driver",
        "aws-network-flow-monitoring-agent",
        "aws-privateca-connector-for-kubernetes",
        "aws-secrets-store-csi-driver-provider",
        "cert-manager",
        "coredns",
        "eks-node-monitoring-agent",
        "eks-pod-identity-agent",
        "external-dns",
        "fluent-bit",
        "kube-proxy",
        "kube-state-metrics",
        "metrics-server",
        "prometheus-node-exporter",
        "snapshot-controller",
        "vpc-cni",
    }
)


def meant(name: str) -> str:
    """The add-on that a misspelt name means; empty where it is spelt well, or may be one that is not known here."""
    return "" if name in KNOWN else slip(name, KNOWN)
