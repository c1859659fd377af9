"""What becomes of a PersistentVolume whose claim is gone: it is kept, or deleted with what is behind it.

Called by the runtime.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlinfra.sandbox.kubernetes.controllers import programs
from mlinfra.sandbox.kubernetes.controllers.catalog import VOLUME
from mlinfra.sandbox.kubernetes.controllers.cloud import CloudError
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, itself
from mlinfra.sandbox.kubernetes.controllers.csi import Driver
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.controllers.pods import is_deleted
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.controllers.volumes import DRIVERS, driver_of
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
    driver = driver_of(at(volume, ("spec", "csi", "driver")))
    if policy == "Delete" and driver is not None:
        if not cluster.runs(driver.program):
            return  # nobody is left to delete it: volume and object stay
        _remove(cluster, driver, volume)
        cluster.delete(VOLUME, volume)
    elif not is_deleted(volume):
        return
    for finalizer in (_PROTECTION, _PROVISIONER):
        found = cluster.store.find(VOLUME, volume["metadata"]["name"])
        if found is not None:
            cluster.drop_finalizer(VOLUME, found, finalizer)


def _remove(cluster: Cluster, driver: Driver, volume: Object) -> None:
    try:
        driver.remove(cluster, volume)
    except CloudError as error:
        text = f"rpc error: code = Internal desc = {error}"
        cluster.record(volume, "persistentvolume-controller", "VolumeFailedDelete", text, warning=True)
        raise


def _volume_of_claim(_: Cluster, event: Event) -> Iterable[Key]:
    name = at(event.object, ("spec", "volumeName"))
    return (("", name),) if name and event.type == "DELETED" else ()


def _when_driver(cluster: Cluster, event: Event) -> Iterable[Key]:
    if not any(programs.is_of(one.program, event.object) for one in DRIVERS):
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
