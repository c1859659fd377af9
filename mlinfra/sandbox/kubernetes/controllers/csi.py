"""What the drivers of volumes have in common: how one is called, and what a volume of one looks like.

`ebs_volumes`, `efs_volumes` and `fsx_volumes` are such drivers; `volumes` and `volume_reclaim` call them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from mlinfra.sandbox.kubernetes.controllers.cluster import Cluster
from mlinfra.sandbox.kubernetes.quantity import units
from mlinfra.sandbox.kubernetes.values import Object, at

GIB = 1024**3


class Driver(msgspec.Struct, frozen=True):
    """One driver.

    provisioners: how classes of volumes name it, its own name first. program: what must run in the cluster.
    make: the PersistentVolume of (cluster, claim, class, chosen node); `None` while what is behind it is in the making.
    remove: takes what is behind a volume away. Both raise `CloudError`, and may be called again.
    """

    provisioners: tuple[str, ...]
    program: str
    component: str
    make: Callable[[Cluster, Object, Object, str | None], Object | None]
    remove: Callable[[Cluster, Object], None]


def token_of(claim: Object) -> str:
    """What everything that is made for a claim is called."""
    return f"pvc-{claim['metadata']['uid']}"


def asked_size(claim: Object) -> int:
    """How many bytes a claim asks for."""
    return int(units(at(claim, ("spec", "resources", "requests", "storage"), "1Gi")))


def mark_of(cluster: Cluster, program: str) -> dict[str, str]:
    """The tag that says whose it is, where a chart of ours tells the driver; as an add-on of EKS it is told nothing."""
    return {} if program in cluster.cloud.addons() else {f"kubernetes.io/cluster/{cluster.name}": "owned"}


def volume_of(claim: Object, storage: Object, size: str, csi: dict[str, Any]) -> Object:
    """The volume that a driver makes for a claim, wherever its pods run."""
    meta = claim["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": token_of(claim),
            "annotations": {"pv.kubernetes.io/provisioned-by": csi["driver"]},
            "finalizers": ["external-provisioner.volume.kubernetes.io/finalizer", "kubernetes.io/pv-protection"],
        },
        "spec": {
            "capacity": {"storage": size},
            "accessModes": at(claim, ("spec", "accessModes")) or ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": storage.get("reclaimPolicy", "Delete"),
            "storageClassName": storage["metadata"]["name"],
            "volumeMode": at(claim, ("spec", "volumeMode"), "Filesystem"),
            "csi": csi,
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "name": meta["name"],
                "namespace": meta["namespace"],
                "uid": meta["uid"],
            },
        },
    }
