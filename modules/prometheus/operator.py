"""Settings of the operator and of what it runs."""

from __future__ import annotations

from mlinfra.core.value import Properties

# EKS runs these itself and shows nothing of them; kube-proxy listens on the node's own loopback alone
# (EKS user guide, "Fetch control plane raw metrics", November 2026).
UNSEEN: Properties = {
    "kubeControllerManager": {"enabled": False},
    "kubeScheduler": {"enabled": False},
    "kubeEtcd": {"enabled": False},
    "kubeProxy": {"enabled": False},
}

# Its webhooks would want a certificate made by a job of its own, for a check that the operator repeats by itself.
OPERATOR: Properties = {"admissionWebhooks": {"enabled": False}, "tls": {"enabled": False}}

ROOM: Properties = {"requests": {"cpu": "250m", "memory": "1Gi"}}


def volume(size: str) -> Properties:
    """A volume of its own, of the class gp3."""
    spec = {
        "storageClassName": "gp3",
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": size}},
    }
    return {"volumeClaimTemplate": {"spec": spec}}
