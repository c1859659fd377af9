"""The kubelets of all nodes: they start pods, make them ready, let them end, and remove them when they are deleted.

Nothing runs. A pod goes from Pending over ContainerCreating to Running and Ready in the times of `Timings`; one that
does not restart always ends by itself. Annotations of a pod tell it otherwise:

- `sandbox.mlinfra.dev/fail: image-pull` its image cannot be pulled (ErrImagePull, ImagePullBackOff)
- `sandbox.mlinfra.dev/fail: crash` its containers exit with 1 (CrashLoopBackOff; Failed where they do not restart)
- `sandbox.mlinfra.dev/fail: never-ready` it runs, and its readiness probe fails for ever
- `sandbox.mlinfra.dev/duration: "30"` how many seconds it runs before it ends

Called by the runtime for each pod. It must not choose nodes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from mlinfra.sandbox.kubernetes.controllers import conditions, pod_status
from mlinfra.sandbox.kubernetes.controllers.addresses import AddressPool
from mlinfra.sandbox.kubernetes.controllers.catalog import POD
from mlinfra.sandbox.kubernetes.controllers.clock import read, seconds_since
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, itself
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key, key_of
from mlinfra.sandbox.kubernetes.controllers.pods import claims_of, has_ended, is_deleted
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.values import Object, at
from mlinfra.sandbox.kubernetes.watch import Event

NAME = "kubelet"
FAIL = "sandbox.mlinfra.dev/fail"
DURATION = "sandbox.mlinfra.dev/duration"
_RETRY = 60.0


class Kubelet:
    """All kubelets of a cluster; it keeps the addresses of their pods."""

    def __init__(self, cidr: str) -> None:
        self._addresses = AddressPool(cidr)

    def controller(self) -> Controller:
        """How the runtime calls it."""
        return Controller(
            name=NAME,
            reconcile=self.reconcile,
            triggers={
                "pods": itself,
                "nodes": _pods_of_node,
                "configmaps": _starting_pods,
                "secrets": _starting_pods,
                "persistentvolumeclaims": _starting_pods,
            },
        )

    def reconcile(self, cluster: Cluster, key: Key) -> Again | None:
        """Bring one pod a step on."""
        pod = cluster.store.exists("pods", key[1], key[0])
        if pod is None:
            self._addresses.release("/".join(key))
            return None
        node = at(pod, ("spec", "nodeName"))
        if not node:
            return None
        host = cluster.store.exists("nodes", node)
        if host is None:
            _collect(cluster, pod)
            return None
        if is_deleted(pod):
            return _terminate(cluster, pod)
        if has_ended(pod):
            return None
        if not conditions.holds(host, "Ready"):
            return None
        return self._run(cluster, pod, host)

    def _run(self, cluster: Cluster, pod: Object, host: Object) -> Again | None:
        started = at(pod, ("status", "startTime"))
        if started is None or not at(pod, ("status", "containerStatuses")):
            obstacle = _missing(cluster, pod)
            self._admit(cluster, pod, host)
            return _hold_up(cluster, pod, obstacle) if obstacle else Again(cluster.timings.image_pull)
        if at(pod, ("status", "phase")) == "Running":
            if len(at(pod, ("spec", "ephemeralContainers"), ())) > len(at(pod, _DEBUGGED, ())):
                cluster.set_status(POD, pod, pod_status.debugged(pod, cluster.now()), NAME)
                return Again(0)
            return _keep_running(cluster, pod)
        obstacle = _missing(cluster, pod)
        if obstacle:
            return _hold_up(cluster, pod, obstacle)
        left = cluster.timings.image_pull - seconds_since(started, cluster.clock())
        return Again(left) if left > 0 else self._start(cluster, pod)

    def _admit(self, cluster: Cluster, pod: Object, host: Object) -> None:
        cluster.set_status(POD, pod, pod_status.creating(pod, host, cluster.now()), NAME)

    def _start(self, cluster: Cluster, pod: Object) -> Again | None:
        if _fault(pod) == "image-pull":
            return _fail_to_pull(cluster, pod)
        namespace, name = key_of(pod)
        host_network = at(pod, ("spec", "hostNetwork"))
        address = at(pod, ("status", "hostIP")) if host_network else self._addresses.hold(f"{namespace}/{name}")
        for container in at(pod, ("spec", "containers")) or ():
            image = container.get("image", "")
            cluster.record(pod, NAME, "Pulled", f'Container image "{image}" already present on machine')
            cluster.record(pod, NAME, "Started", f"Started container {container['name']}")
        cluster.set_status(POD, pod, pod_status.running(pod, address, cluster.now()), NAME)
        return Again(cluster.timings.readiness)


_DEBUGGED = ("status", "ephemeralContainerStatuses")


def _fault(pod: Object) -> str:
    return str(at(pod, ("metadata", "annotations", FAIL)) or "")


def _keep_running(cluster: Cluster, pod: Object) -> Again | None:
    now = cluster.now()
    since = at(pod, ("status", "containerStatuses"))[0].get("state", {}).get("running", {}).get("startedAt")
    if since is None:  # waiting after a crash
        return _restart(cluster, pod)
    ran, fault = seconds_since(since, cluster.clock()), _fault(pod)
    if fault == "crash":
        left = cluster.timings.readiness - ran
        return Again(left) if left > 0 else _crash(cluster, pod)
    ends = at(pod, ("spec", "restartPolicy"), "Always") != "Always"
    lifetime = float(at(pod, ("metadata", "annotations", DURATION)) or cluster.timings.run)
    if ends and ran >= lifetime:
        cluster.set_status(POD, pod, pod_status.ended(pod, 0, now), NAME)
        return None
    ready = cluster.timings.readiness - ran
    if ready <= 0 and fault != "never-ready":
        cluster.set_status(POD, pod, pod_status.ready(pod, True, now), NAME)
    elif ready <= 0:
        cluster.record(pod, NAME, "Unhealthy", "Readiness probe failed: simulated failure", warning=True)
    waits = [seconds for seconds in (ready, lifetime - ran if ends else 0.0) if seconds > 0]
    return Again(min(waits)) if waits else None


def _crash(cluster: Cluster, pod: Object) -> Again | None:
    if at(pod, ("spec", "restartPolicy"), "Always") == "Never":
        cluster.set_status(POD, pod, pod_status.ended(pod, 1, cluster.now()), NAME)
        return None
    restarts = int(at(pod, ("status", "containerStatuses"))[0].get("restartCount", 0))
    delay = min(300.0, cluster.timings.crash_backoff * 2**restarts)
    cluster.set_status(POD, pod, pod_status.crashed(pod, delay, cluster.now()), NAME)
    cluster.record(
        pod, NAME, "BackOff", f"Back-off restarting failed container in pod {pod['metadata']['name']}", warning=True
    )
    return Again(delay, quiet=True)


def _restart(cluster: Cluster, pod: Object) -> Again | None:
    last = at(pod, ("status", "containerStatuses"))[0]
    restarts = int(last.get("restartCount", 0))
    delay = min(300.0, cluster.timings.crash_backoff * 2**restarts)
    left = delay - seconds_since(at(last, ("lastState", "terminated", "finishedAt")), cluster.clock())
    if left > 0:
        return Again(left, quiet=True)
    cluster.set_status(POD, pod, pod_status.restarted(pod, cluster.now()), NAME)
    return Again(cluster.timings.readiness, quiet=True)


def _fail_to_pull(cluster: Cluster, pod: Object) -> Again:
    image = (at(pod, ("spec", "containers")) or [{}])[0].get("image", "")
    waiting = at(pod, ("status", "containerStatuses"))[0].get("state", {}).get("waiting", {}).get("reason")
    reason = "ErrImagePull" if waiting == "ContainerCreating" else "ImagePullBackOff"
    failed = f'Failed to pull image "{image}": simulated failure'
    message = failed if reason == "ErrImagePull" else f'Back-off pulling image "{image}"'
    cluster.record(pod, NAME, "Failed" if reason == "ErrImagePull" else "BackOff", message, warning=True)
    cluster.set_status(POD, pod, pod_status.waiting(pod, reason, message), NAME)
    return Again(cluster.timings.crash_backoff, quiet=reason == "ImagePullBackOff")


def _hold_up(cluster: Cluster, pod: Object, obstacle: tuple[str, str]) -> Again:
    reason, message = obstacle
    cluster.record(pod, NAME, reason, message, warning=True)
    if reason == "Failed":
        cluster.set_status(POD, pod, pod_status.waiting(pod, "CreateContainerConfigError", message), NAME)
    return Again(_RETRY, quiet=True)


def _missing(cluster: Cluster, pod: Object) -> tuple[str, str] | None:
    """What a pod needs and does not find: the reason and sentence of the kubelet's event."""
    namespace = pod["metadata"]["namespace"]
    for volume, resource, name in _mounted(pod):
        if cluster.store.exists(resource, name, namespace) is None:
            kind = resource.removesuffix("s")
            return "FailedMount", f'MountVolume.SetUp failed for volume "{volume}" : {kind} "{name}" not found'
    for resource, name in _imported(pod):
        if cluster.store.exists(resource, name, namespace) is None:
            return "Failed", f'Error: {resource.removesuffix("s")} "{name}" not found'
    for name in claims_of(pod):
        claim = cluster.store.exists("persistentvolumeclaims", name, namespace)
        if claim is None or at(claim, ("status", "phase")) != "Bound":
            return "FailedMount", f'persistentvolumeclaim "{name}" is not bound'
    return None


def _mounted(pod: Object) -> Iterable[tuple[str, str, str]]:
    for volume in at(pod, ("spec", "volumes")) or ():
        parts = [volume, *at(volume, ("projected", "sources"), ())]
        for part in parts:
            secret, config = part.get("secret"), part.get("configMap")
            if secret and not secret.get("optional"):
                yield volume["name"], "secrets", secret.get("secretName") or secret.get("name", "")
            if config and not config.get("optional"):
                yield volume["name"], "configmaps", config["name"]


def _imported(pod: Object) -> Iterable[tuple[str, str]]:
    for container in (*(at(pod, ("spec", "initContainers")) or ()), *(at(pod, ("spec", "containers")) or ())):
        sources = [*(container.get("envFrom") or ()), *((e.get("valueFrom") or {}) for e in container.get("env") or ())]
        for source in sources:
            secret = source.get("secretRef") or source.get("secretKeyRef")
            config = source.get("configMapRef") or source.get("configMapKeyRef")
            if secret and not secret.get("optional"):
                yield "secrets", secret["name"]
            if config and not config.get("optional"):
                yield "configmaps", config["name"]


def _terminate(cluster: Cluster, pod: Object) -> Again | None:
    meta = pod["metadata"]
    grace = float(meta.get("deletionGracePeriodSeconds") or 0)
    marked = read(meta["deletionTimestamp"])
    left = (marked + timedelta(seconds=min(grace, cluster.timings.termination)) - cluster.clock()).total_seconds()
    if left > 0:
        return Again(left)
    if meta.get("deletionGracePeriodSeconds") == 0 and has_ended(pod):
        return None  # finalizers hold it, and the kubelet has done its part
    if not has_ended(pod) and meta.get("finalizers"):
        cluster.set_status(POD, pod, pod_status.ended(pod, 0, cluster.now()), NAME)
    cluster.delete(POD, pod, grace=0)
    return None


def _collect(cluster: Cluster, pod: Object) -> None:
    """Remove a pod whose node is gone, as the pod garbage collector does."""
    if not has_ended(pod):
        status = dict(pod.get("status") or {})
        text = "PodGC: node no longer exists"
        target = conditions.condition("DisruptionTarget", True, "DeletionByPodGC", text)
        status["conditions"] = conditions.merged(status.get("conditions"), [target], cluster.now())
        cluster.set_status(POD, pod, {**status, "phase": "Failed"})
    cluster.delete(POD, pod, grace=0)


def _pods_of_node(cluster: Cluster, event: Event) -> Iterable[Key]:
    ready, before = conditions.holds(event.object, "Ready"), event.previous or {}
    if event.type == "MODIFIED" and ready == conditions.holds(before, "Ready"):
        return ()
    return [key_of(pod) for pod in cluster.pods.on(event.object["metadata"]["name"])]


def _starting_pods(cluster: Cluster, event: Event) -> Iterable[Key]:
    """Pods that may have waited for what changed beside them."""
    namespace = event.object["metadata"].get("namespace", "")
    pending = (pod for pod in cluster.pods.within(namespace) if at(pod, ("status", "phase")) == "Pending")
    return [key_of(pod) for pod in pending if at(pod, ("spec", "nodeName"))]
