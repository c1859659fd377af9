"""What becomes of a PersistentVolume whose claim is gone: it is kept, or deleted with its EBS volume.

Called by the runtime.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlinfra.sandbox.kubernetes.controllers import programs
from mlinfra.sandbox.kubernetes.controllers.catalog import VOLUME
from mlinfra.sandbox.kubernetes.controllers.cloud import CloudError
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, itself
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.controllers.pods import is_deleted
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.controllers.volumes import DRIVER
from mlinfra.sandbox.kubernetes.values import Object, at
from mlinfra.sandbox.kubernetes.watch import Event

_PROTECTION = "kubernetes.io/pv-protection"
_PROVISIONER = "external-provisioner.volume.kubernetes.io/finalizer"


def reconcile(cluster: Cluster, key: Key) -> Again | None:
    """Bring a volume's phase up to date, and delete it where its policy says so."""
    volume = cluster.find(VOLUME, key)
    if volume is None:
        return None
    bound = _is_claimed(cluster, volume)
    if at(volume, ("spec", "claimRef")) is None and not is_deleted(volume):
        cluster.set_status(VOLUME, volume, {**(volume.get("status") or {}), "phase": "Available"})
    elif not bound:
        _release(cluster, volume)
    return None


def _is_claimed(cluster: Cluster, volume: Object) -> bool:
    reference = at(volume, ("spec", "claimRef"))
    if reference is None:
        return False
    claim = cluster.store.exists("persistentvolumeclaims", reference["name"], reference["namespace"])
    return claim is not None and reference.get("uid", claim["metadata"]["uid"]) == claim["metadata"]["uid"]


def _release(cluster: Cluster, volume: Object) -> None:
    if at(volume, ("status", "phase")) == "Bound":
        cluster.set_status(VOLUME, volume, {**volume["status"], "phase": "Released"})
    policy = at(volume, ("spec", "persistentVolumeReclaimPolicy"), "Retain")
    if policy == "Delete" and at(volume, ("spec", "csi", "driver")) == DRIVER:
        if not cluster.runs(programs.EBS_DRIVER):
            return  # nobody is left to delete it: volume and object stay
        _delete_disk(cluster, volume)
        cluster.delete(VOLUME, volume)
    elif not is_deleted(volume):
        return
    for finalizer in (_PROTECTION, _PROVISIONER):
        found = cluster.store.find(VOLUME, volume["metadata"]["name"])
        if found is not None:
            cluster.drop_finalizer(VOLUME, found, finalizer)


def _delete_disk(cluster: Cluster, volume: Object) -> None:
    try:
        cluster.cloud.delete_disk(volume["spec"]["csi"]["volumeHandle"])
    except CloudError as error:
        text = f"Error deleting EBS volume: {error}"
        cluster.record(volume, "persistentvolume-controller", "VolumeFailedDelete", text, warning=True)
        raise


def _volume_of_claim(_: Cluster, event: Event) -> Iterable[Key]:
    name = at(event.object, ("spec", "volumeName"))
    return (("", name),) if name and event.type == "DELETED" else ()


def _when_driver(cluster: Cluster, event: Event) -> Iterable[Key]:
    if not programs.is_of(programs.EBS_DRIVER, event.object):
        return ()
    return [("", item["metadata"]["name"]) for item in cluster.peek(VOLUME)]


CONTROLLER = Controller(
    name="volume-reclaim-controller",
    reconcile=reconcile,
    triggers={
        "persistentvolumes": itself,
        "persistentvolumeclaims": _volume_of_claim,
        "deployments.apps": _when_driver,
    },
)
