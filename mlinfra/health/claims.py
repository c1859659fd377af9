"""Claims: the volumes that pods ask for, and what makes them. For judges of volumes, of pods and of workloads."""

from __future__ import annotations

from mlinfra.health.seen import Live, Seen

# What makes the volumes of a class, by its provisioner: the Deployment of the driver, and what stacks call it in
# `cluster.volumes` (EKS user guide, "Storage", and the drivers' own charts; November 2026).
_DRIVERS = {
    "ebs.csi.aws.com": ("ebs-csi-controller", "ebs"),
    "efs.csi.aws.com": ("efs-csi-controller", "efs"),
    "fsx.csi.aws.com": ("fsx-csi-controller", "fsx"),
}


def claims_of(pod: Live) -> frozenset[str]:
    """The subjects of the claims that a pod names."""
    namespace = pod["metadata"].get("namespace", "")
    named = (volume.get("persistentVolumeClaim") or {} for volume in (pod.get("spec") or {}).get("volumes") or ())
    return frozenset(f"PersistentVolumeClaim {namespace}/{one['claimName']}" for one in named if one.get("claimName"))


def missing_driver(seen: Seen, storage_class: Live) -> str:
    """What `cluster.volumes` would name to have volumes of a class made; empty where they are, or nobody knows."""
    controller, kind = _DRIVERS.get(str(storage_class.get("provisioner")), ("", ""))
    there = any(one["metadata"]["name"] == controller for one in seen.objects.get("Deployment", ()))
    return "" if there or "Deployment" not in seen.objects else kind
