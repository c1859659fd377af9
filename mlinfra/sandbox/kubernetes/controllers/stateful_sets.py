"""StatefulSets: numbered pods with claims of their own, started, updated and removed in order.

Called by the runtime. It deletes claims only where the retention policy says so.
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.controllers import revisions
from mlinfra.sandbox.kubernetes.controllers.catalog import CLAIM, POD, STATEFUL_SET
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, itself, owner, owner_reference
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.controllers.pods import (
    create,
    delete,
    from_template,
    has_ended,
    is_available,
    is_deleted,
    is_ready,
)
from mlinfra.sandbox.kubernetes.controllers.replica_sets import until_available
from mlinfra.sandbox.kubernetes.controllers.revisions import HASH
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.values import Object, Objects, at, clone

NAME = "statefulset-controller"


def reconcile(cluster: Cluster, key: Key) -> Again | None:
    """Take the next step: create, replace or remove one pod, or all at once where the policy is Parallel."""
    stateful = cluster.find(STATEFUL_SET, key)
    if stateful is None:
        return None
    update = revisions.present(cluster, stateful)
    if not is_deleted(stateful):
        _step(cluster, stateful, update)
    return _report(cluster, stateful, update)


def _name(stateful: Object, ordinal: int) -> str:
    return f"{stateful['metadata']['name']}-{ordinal}"


def _ordinals(stateful: Object) -> range:
    first = int(at(stateful, ("spec", "ordinals", "start"), 0))
    return range(first, first + int(at(stateful, ("spec", "replicas"), 1)))


def _pods(cluster: Cluster, stateful: Object) -> dict[int, Object]:
    found = {}
    for pod in cluster.dependents(stateful, POD):
        ordinal = pod["metadata"]["name"].rpartition("-")[2]
        if ordinal.isdigit():
            found[int(ordinal)] = pod
    return found


def _step(cluster: Cluster, stateful: Object, update: Object) -> None:
    parallel = at(stateful, ("spec", "podManagementPolicy")) == "Parallel"
    pods, wanted = _pods(cluster, stateful), _ordinals(stateful)
    for ordinal in wanted:
        pod = pods.get(ordinal)
        if pod is None:
            _create(cluster, stateful, ordinal, update)
        elif has_ended(pod) and not is_deleted(pod):
            delete(cluster, stateful, pod, NAME)
        if not parallel and (pod is None or not _is_settled(cluster, stateful, pod)):
            return
    surplus = sorted((ordinal for ordinal in pods if ordinal not in wanted), reverse=True)
    for ordinal in surplus:
        if not is_deleted(pods[ordinal]):
            delete(cluster, stateful, pods[ordinal], NAME)
        if not parallel:
            return
    if not surplus:
        _update(cluster, stateful, update, pods)


def _is_settled(cluster: Cluster, stateful: Object, pod: Object) -> bool:
    minimum = int(at(stateful, ("spec", "minReadySeconds"), 0))
    return not is_deleted(pod) and is_available(pod, minimum, cluster.now())


def _update(cluster: Cluster, stateful: Object, update: Object, pods: dict[int, Object]) -> None:
    """Replace the pod of the highest number that is of an old revision, once all above it are well."""
    strategy = at(stateful, ("spec", "updateStrategy")) or {}
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return
    partition = int(at(strategy, ("rollingUpdate", "partition"), 0))
    name = update["metadata"]["labels"][HASH]
    for ordinal in sorted(pods, reverse=True):
        pod = pods[ordinal]
        if ordinal < partition:
            return
        if at(pod, ("metadata", "labels", HASH)) != name and not is_deleted(pod):
            delete(cluster, stateful, pod, NAME)
            return
        if not _is_settled(cluster, stateful, pod):
            return


def _create(cluster: Cluster, stateful: Object, ordinal: int, update: Object) -> None:
    name = _name(stateful, ordinal)
    revision = _revision_for(cluster, stateful, ordinal, update)
    labels = {
        "statefulset.kubernetes.io/pod-name": name,
        "apps.kubernetes.io/pod-index": str(ordinal),
        HASH: revision["metadata"]["labels"][HASH],
    }
    pod = from_template(stateful, revisions.template_of(revision), labels, name)
    pod["spec"]["hostname"] = name
    pod["spec"]["subdomain"] = at(stateful, ("spec", "serviceName"), "")
    templates = at(stateful, ("spec", "volumeClaimTemplates")) or ()
    volumes = [
        v for v in pod["spec"].get("volumes") or () if v["name"] not in {t["metadata"]["name"] for t in templates}
    ]
    for template in templates:
        claim = _ensure_claim(cluster, stateful, template, name)
        volumes.append({"name": template["metadata"]["name"], "persistentVolumeClaim": {"claimName": claim}})
    if volumes:
        pod["spec"]["volumes"] = volumes
    create(cluster, stateful, pod, NAME)


def _revision_for(cluster: Cluster, stateful: Object, ordinal: int, update: Object) -> Object:
    """Pods below the partition keep the revision that the others had before."""
    partition = int(at(stateful, ("spec", "updateStrategy", "rollingUpdate", "partition"), 0))
    if ordinal >= partition:
        return update
    current = at(stateful, ("status", "currentRevision"))
    known = revisions.history(cluster, stateful)
    return next((item for item in known if item["metadata"]["name"] == current), update)


def _ensure_claim(cluster: Cluster, stateful: Object, template: Object, pod: str) -> str:
    name, namespace = f"{template['metadata']['name']}-{pod}", stateful["metadata"]["namespace"]
    if cluster.store.exists("persistentvolumeclaims", name, namespace) is None:
        meta = template["metadata"]
        labels = {**(at(stateful, ("spec", "selector", "matchLabels")) or {}), **(meta.get("labels") or {})}
        kept = {"name": name, "namespace": namespace, "labels": labels, "annotations": meta.get("annotations") or {}}
        if at(stateful, ("spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted")) == "Delete":
            kept["ownerReferences"] = [{**owner_reference(stateful), "controller": False}]
        cluster.create(
            {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": kept, "spec": clone(template["spec"])}
        )
        cluster.record(
            stateful,
            NAME,
            "SuccessfulCreate",
            f"create Claim {name} Pod {pod} in StatefulSet {stateful['metadata']['name']} success",
        )
    return name


def _drop_claims(cluster: Cluster, stateful: Object, pods: Objects) -> None:
    """Where scaled-down claims are not retained, delete those of pods that are gone."""
    if at(stateful, ("spec", "persistentVolumeClaimRetentionPolicy", "whenScaled")) != "Delete":
        return
    alive = {pod["metadata"]["name"] for pod in pods} | {_name(stateful, ordinal) for ordinal in _ordinals(stateful)}
    for template in at(stateful, ("spec", "volumeClaimTemplates")) or ():
        prefix = f"{template['metadata']['name']}-"
        for claim in cluster.peek(CLAIM, stateful["metadata"]["namespace"]):
            name = claim["metadata"]["name"]
            pod = name.removeprefix(prefix)
            mine = name.startswith(prefix) and pod.rpartition("-")[0] == stateful["metadata"]["name"]
            if mine and pod not in alive and not is_deleted(claim):
                cluster.delete(CLAIM, claim)


def _report(cluster: Cluster, stateful: Object, update: Object) -> Again | None:
    pods: Objects = list(_pods(cluster, stateful).values())
    if not is_deleted(stateful):
        _drop_claims(cluster, stateful, pods)
    minimum, now = int(at(stateful, ("spec", "minReadySeconds"), 0)), cluster.now()
    name, label = update["metadata"]["name"], update["metadata"]["labels"][HASH]
    updated = sum(at(pod, ("metadata", "labels", HASH)) == label for pod in pods)
    ready = sum(is_ready(pod) and not is_deleted(pod) for pod in pods)
    current = at(stateful, ("status", "currentRevision")) or name
    if updated == len(pods) == ready == len(_ordinals(stateful)):
        current = name
    old = len(pods) - updated if current != name else updated
    status = {
        "replicas": len(pods),
        "readyReplicas": ready,
        "availableReplicas": sum(is_available(pod, minimum, now) and not is_deleted(pod) for pod in pods),
        "currentReplicas": old,
        "updatedReplicas": updated,
        "currentRevision": current,
        "updateRevision": name,
        "observedGeneration": stateful["metadata"].get("generation", 0),
        "collisionCount": 0,
    }
    cluster.set_status(STATEFUL_SET, stateful, status)
    revisions.forget(cluster, stateful, {name, current})
    return until_available(pods, minimum, cluster)


CONTROLLER = Controller(
    name=NAME,
    reconcile=reconcile,
    triggers={"statefulsets.apps": itself, "pods": owner("StatefulSet")},
)
