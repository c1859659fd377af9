"""The EBS driver: a disk for each claim, in the zone of the node that its first pod goes to.

Called by `volumes` and `volume_reclaim`. Volumes and tags are those of kubernetes-sigs/aws-ebs-csi-driver v1.50 (read
November 2026).
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.controllers import programs
from mlinfra.sandbox.kubernetes.controllers.cloud import Disk
from mlinfra.sandbox.kubernetes.controllers.cluster import Cluster
from mlinfra.sandbox.kubernetes.controllers.csi import GIB, Driver, asked_size, token_of, volume_of
from mlinfra.sandbox.kubernetes.values import Object, at

NAME = "ebs.csi.aws.com"
_ZONE = "topology.kubernetes.io/zone"


def make(cluster: Cluster, claim: Object, storage: Object, node: str | None) -> Object:
    """The volume of a claim."""
    disk = _disk(cluster, claim, storage, _zone(cluster, storage, node))
    identity = cluster.cloud.ensure_disk(disk)
    rule = {"key": _ZONE, "operator": "In", "values": [disk.zone]}
    made = volume_of(claim, storage, f"{disk.size}Gi", {"driver": NAME, "volumeHandle": identity, "fsType": "ext4"})
    made["spec"]["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}}
    return made


def remove(cluster: Cluster, volume: Object) -> None:
    """Delete the disk."""
    cluster.cloud.delete_disk(volume["spec"]["csi"]["volumeHandle"])


def _zone(cluster: Cluster, storage: Object, node: str | None) -> str:
    """The chosen node's zone; else the first that the class allows; else the first that has a node."""
    found = cluster.store.exists("nodes", node or "")
    if found is not None:
        return str(at(found, ("metadata", "labels", _ZONE), ""))
    for topology in storage.get("allowedTopologies") or ():
        for rule in topology.get("matchLabelExpressions") or ():
            if rule["key"].endswith("/zone"):
                return str(rule["values"][0])
    return min((machine.shape.zone for machine in cluster.cloud.machines()), default="")


def _disk(cluster: Cluster, claim: Object, storage: Object, zone: str) -> Disk:
    name = token_of(claim)
    given = {key.lower(): str(value) for key, value in (storage.get("parameters") or {}).items()}
    meta = claim["metadata"]
    tags = {
        "Name": f"{cluster.name}-dynamic-{name}",
        "CSIVolumeName": name,
        "ebs.csi.aws.com/cluster": "true",
        f"kubernetes.io/cluster/{cluster.name}": "owned",
        "KubernetesCluster": cluster.name,
        "kubernetes.io/created-for/pvc/name": meta["name"],
        "kubernetes.io/created-for/pvc/namespace": meta["namespace"],
        "kubernetes.io/created-for/pv/name": name,
    }
    extra = [
        (text.partition("=")[0], text.partition("=")[2])
        for key, text in given.items()
        if key.startswith("tagspecification") and "=" in text
    ]
    return Disk(
        token=name,
        zone=zone,
        size=-(-asked_size(claim) // GIB),
        type=given.get("type", "gp3"),
        iops=int(given["iops"]) if "iops" in given else None,
        throughput=int(given["throughput"]) if "throughput" in given else None,
        encrypted=given.get("encrypted") == "true",
        kms_key=given.get("kmskeyid", ""),
        tags={**tags, **dict(extra)},
    )


DRIVER = Driver(
    provisioners=(NAME, "kubernetes.io/aws-ebs"),
    program=programs.EBS_DRIVER,
    component=f"{NAME}_ebs-csi-controller",
    make=make,
    remove=remove,
)
