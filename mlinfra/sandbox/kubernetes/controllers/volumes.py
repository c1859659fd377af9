"""PersistentVolumeClaims and PersistentVolumes: binding, and volumes that drivers make for claims.

Called by the runtime for claims; `volume_reclaim` looks after volumes. A claim of a class that waits for its first pod
is provisioned once the scheduler has chosen a node (annotation `volume.kubernetes.io/selected-node`). Without the
driver of its class in the cluster nothing is provisioned.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlinfra.sandbox.kubernetes.controllers import ebs_volumes, efs_volumes, fsx_volumes, programs
from mlinfra.sandbox.kubernetes.controllers.catalog import CLAIM, STORAGE_CLASS, VOLUME
from mlinfra.sandbox.kubernetes.controllers.cloud import CloudError
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, all_of, itself
from mlinfra.sandbox.kubernetes.controllers.csi import Driver, token_of
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.controllers.pods import claims_of, has_ended, is_deleted
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.controllers.scheduling.scheduler import SELECTED_NODE
from mlinfra.sandbox.kubernetes.quantity import units
from mlinfra.sandbox.kubernetes.selectors import parse_labels
from mlinfra.sandbox.kubernetes.values import Object, at
from mlinfra.sandbox.kubernetes.watch import Event

NAME = "persistentvolume-controller"
DRIVERS = (ebs_volumes.DRIVER, efs_volumes.DRIVER, fsx_volumes.DRIVER)
PROTECTION = "kubernetes.io/pvc-protection"
_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_BOUND = {"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"}
_SOON = 5.0  # seconds between looks at what is in the making
_RESYNC = 15.0  # seconds between looks of the real controller at a claim that waits
_EXTERNAL = (
    "Waiting for a volume to be created either by the external provisioner '{}' or manually by the system "
    "administrator. If volume creation is delayed, please verify that the provisioner is running and correctly "
    "registered."
)


def driver_of(name: object) -> Driver | None:
    """The driver that a class of volumes, or a volume, names."""
    return next((one for one in DRIVERS if name in one.provisioners), None)


def reconcile(cluster: Cluster, key: Key) -> Again | None:
    """Protect, bind or provision one claim; let a deleted one go once no pod uses it."""
    claim = cluster.find(CLAIM, key)
    if claim is None:
        return None
    if is_deleted(claim):
        if not _is_used(cluster, key):
            cluster.drop_finalizer(CLAIM, claim, PROTECTION)
        return None
    cluster.add_finalizer(CLAIM, claim, PROTECTION)
    claim = _with_class(cluster, cluster.find(CLAIM, key) or claim)
    if at(claim, ("spec", "volumeName")):
        _follow(cluster, claim)
        return None
    volume = _existing(cluster, claim)
    if volume is not None:
        _bind(cluster, claim, volume)
        return None
    return _provision(cluster, claim)


def _is_used(cluster: Cluster, key: Key) -> bool:
    pods = cluster.pods.within(key[0])
    return any(key[1] in claims_of(pod) for pod in pods if not has_ended(pod))


def _with_class(cluster: Cluster, claim: Object) -> Object:
    """Give a claim without a class the default one (an empty class means none, on purpose)."""
    if at(claim, ("spec", "storageClassName")) is not None:
        return claim
    classes = cluster.peek(STORAGE_CLASS)
    default = [c for c in classes if at(c, ("metadata", "annotations", _DEFAULT)) == "true"]
    if not default:
        return claim
    newest = max(default, key=lambda item: str(item["metadata"]["creationTimestamp"]))
    return cluster.patch(CLAIM, claim, {"spec": {"storageClassName": newest["metadata"]["name"]}})


def _follow(cluster: Cluster, claim: Object) -> None:
    """A claim that names its volume: bound with it, or lost without it."""
    volume = cluster.store.find(VOLUME, claim["spec"]["volumeName"])
    if volume is not None:
        return _bind(cluster, claim, volume)
    if at(claim, ("status", "phase")) == "Bound":
        cluster.record(
            claim,
            NAME,
            "ClaimLost",
            "Bound claim has lost its PersistentVolume. Data on the volume is lost!",
            warning=True,
        )
        cluster.set_status(CLAIM, claim, {**claim["status"], "phase": "Lost"})
    return None


def _existing(cluster: Cluster, claim: Object) -> Object | None:
    """The smallest free volume that satisfies a claim."""
    spec = claim["spec"]
    size = units(at(spec, ("resources", "requests", "storage"), "0"))
    fits = [
        volume
        for volume in cluster.peek(VOLUME)
        if _is_free_for(volume, claim)
        and (at(volume, ("spec", "storageClassName")) or "") == (spec.get("storageClassName") or "")
        and units(at(volume, ("spec", "capacity", "storage"), "0")) >= size
        and set(spec.get("accessModes") or ()) <= set(at(volume, ("spec", "accessModes")) or ())
        and parse_labels(spec.get("selector"))(volume["metadata"].get("labels") or {})
    ]
    return min(fits, key=lambda item: units(item["spec"]["capacity"]["storage"]), default=None)


def _is_free_for(volume: Object, claim: Object) -> bool:
    reference = at(volume, ("spec", "claimRef"))
    if is_deleted(volume) or at(volume, ("status", "phase")) in ("Released", "Failed"):
        return False
    meta = claim["metadata"]
    return reference is None or (
        (reference.get("namespace"), reference.get("name")) == (meta["namespace"], meta["name"])
        and reference.get("uid", meta["uid"]) == meta["uid"]
    )


def _bind(cluster: Cluster, claim: Object, volume: Object) -> None:
    meta = claim["metadata"]
    reference = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "name": meta["name"],
        "namespace": meta["namespace"],
        "uid": meta["uid"],
    }
    if at(volume, ("spec", "claimRef", "uid")) not in (None, meta["uid"]):
        return
    cluster.patch(VOLUME, volume, {"spec": {"claimRef": reference}})
    cluster.set_status(VOLUME, volume, {**(volume.get("status") or {}), "phase": "Bound"})
    name = volume["metadata"]["name"]
    if at(claim, ("spec", "volumeName")) != name or not at(claim, ("metadata", "annotations", next(iter(_BOUND)))):
        claim = cluster.patch(CLAIM, claim, {"metadata": {"annotations": _BOUND}, "spec": {"volumeName": name}})
    spec = volume["spec"]
    status = {"phase": "Bound", "accessModes": spec.get("accessModes", []), "capacity": spec.get("capacity", {})}
    cluster.set_status(CLAIM, claim, status)


def _provision(cluster: Cluster, claim: Object) -> Again | None:
    cluster.set_status(CLAIM, claim, {**(claim.get("status") or {}), "phase": "Pending"})
    name = at(claim, ("spec", "storageClassName"))
    if not name:
        text = "no persistent volumes available for this claim and no storage class is set"
        return _wait(cluster, claim, "FailedBinding", text)
    storage = cluster.store.exists("storageclasses.storage.k8s.io", name)
    if storage is None:
        return _wait(
            cluster, claim, "ProvisioningFailed", f'storageclass.storage.k8s.io "{name}" not found', warning=True
        )
    node = at(claim, ("metadata", "annotations", SELECTED_NODE))
    if storage.get("volumeBindingMode") == "WaitForFirstConsumer" and not node:
        text = "waiting for first consumer to be created before binding"
        return _wait(cluster, claim, "WaitForFirstConsumer", text)
    driver = driver_of(storage.get("provisioner"))
    if driver is None or not cluster.runs(driver.program):
        text = _EXTERNAL.format(storage.get("provisioner"))
        _wait(cluster, claim, "ExternalProvisioning", text)
        return Again(_RESYNC, quiet=True)  # nothing tells when an add-on has become active
    return _make(cluster, driver, claim, storage, node)


def _wait(cluster: Cluster, claim: Object, reason: str, text: str, *, warning: bool = False) -> Again | None:
    """Say what a claim waits for: a change of it brings us back."""
    cluster.record(claim, NAME, reason, text, warning=warning)
    return None


def _make(cluster: Cluster, driver: Driver, claim: Object, storage: Object, node: str | None) -> Again | None:
    name = token_of(claim)
    volume = cluster.store.find(VOLUME, name)
    try:
        made = volume or driver.make(cluster, claim, storage, node)
    except CloudError as error:
        text = f'failed to provision volume with StorageClass "{storage["metadata"]["name"]}": {error}'
        cluster.record(claim, driver.component, "ProvisioningFailed", text, warning=True)
        raise
    if made is None:
        cluster.record(claim, driver.component, "Provisioning", f"External provisioner is provisioning volume {name}")
        return Again(_SOON)
    volume = volume or cluster.create(made, driver.component)
    cluster.record(claim, driver.component, "ProvisioningSucceeded", f"Successfully provisioned volume {name}")
    _bind(cluster, claim, volume)
    return None


def _claims_of_pod(_: Cluster, event: Event) -> Iterable[Key]:
    """Claims of a pod that came or went: they may be let go, or must be provisioned."""
    namespace = event.object["metadata"]["namespace"]
    ended = event.previous is not None and has_ended(event.object) != has_ended(event.previous)
    if event.type == "MODIFIED" and not ended:
        return ()
    return [(namespace, name) for name in claims_of(event.object)]


def _claim_of_volume(cluster: Cluster, event: Event) -> Iterable[Key]:
    """The claim of a volume; all claims, when a free volume appears."""
    reference = at(event.object, ("spec", "claimRef"))
    if reference and event.type != "ADDED":
        return ((reference["namespace"], reference["name"]),)
    return all_of(CLAIM)(cluster, event) if event.type == "ADDED" else ()


def _when_driver(cluster: Cluster, event: Event) -> Iterable[Key]:
    return all_of(CLAIM)(cluster, event) if any(programs.is_of(one.program, event.object) for one in DRIVERS) else ()


CONTROLLER = Controller(
    name=NAME,
    reconcile=reconcile,
    triggers={
        "persistentvolumeclaims": itself,
        "persistentvolumes": _claim_of_volume,
        "pods": _claims_of_pod,
        "storageclasses.storage.k8s.io": all_of(CLAIM),
        "deployments.apps": _when_driver,
    },
)
