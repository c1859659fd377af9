"""Endpoints and EndpointSlices: the ready pods behind each Service. Called by the runtime."""

from __future__ import annotations

from collections.abc import Iterable

from mlinfra.sandbox.kubernetes.controllers.catalog import ENDPOINT_SLICE, ENDPOINTS, SERVICE
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, itself, owner_reference
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key, key_of
from mlinfra.sandbox.kubernetes.controllers.pods import has_ended, is_deleted, is_ready
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind
from mlinfra.sandbox.kubernetes.selectors import parse_labels
from mlinfra.sandbox.kubernetes.values import Object, Objects, at
from mlinfra.sandbox.kubernetes.watch import Event

NAME = "endpoint-controller"
_SLICE = "endpointslice-controller.k8s.io"


def reconcile(cluster: Cluster, key: Key) -> Again | None:
    """Write the addresses behind a Service that has a selector."""
    service = cluster.find(SERVICE, key)
    if service is None:
        left = cluster.store.find(ENDPOINTS, key[1], key[0])
        if left is not None:
            cluster.delete(ENDPOINTS, left)
        return None
    if is_deleted(service) or not at(service, ("spec", "selector")):
        return None
    pods = [pod for pod in selected(cluster, service) if at(pod, ("status", "podIP")) and not has_ended(pod)]
    _write(cluster, ENDPOINTS, _endpoints(service, pods))
    _write(cluster, ENDPOINT_SLICE, _slice(cluster, service, pods))
    return None


def selected(cluster: Cluster, service: Object) -> Objects:
    """The pods of a Service, by name."""
    matches = parse_labels(service["spec"]["selector"])
    found = cluster.pods.within(service["metadata"]["namespace"])
    pods = [pod for pod in found if matches(pod["metadata"].get("labels") or {})]
    return sorted(pods, key=lambda pod: str(pod["metadata"]["name"]))


def target_port(service_port: Object, pod: Object) -> int | None:
    """The number of the pod's port that a Service's port means; None where a name is not found."""
    target = service_port.get("targetPort", service_port["port"])
    if isinstance(target, int):
        return target
    for container in at(pod, ("spec", "containers")) or ():
        for port in container.get("ports") or ():
            if port.get("name") == target:
                return int(port["containerPort"])
    return None


def _write(cluster: Cluster, kind: GroupVersionKind, wanted: Object) -> None:
    meta = wanted["metadata"]
    known = cluster.store.find(kind, meta["name"], meta["namespace"])
    if known is None:
        cluster.create(wanted)
    else:
        kept = {**known["metadata"], "labels": meta["labels"]}
        cluster.change(kind, known, lambda _: {**wanted, "metadata": kept})


def _address(pod: Object) -> Object:
    meta = pod["metadata"]
    reference = {"kind": "Pod", "name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]}
    found = {"ip": at(pod, ("status", "podIP")), "nodeName": at(pod, ("spec", "nodeName")), "targetRef": reference}
    hostname = at(pod, ("spec", "hostname"))
    return {**found, "hostname": hostname} if hostname else found


def _serves(service: Object, pod: Object) -> bool:
    early = bool(at(service, ("spec", "publishNotReadyAddresses")))
    return not is_deleted(pod) and (early or is_ready(pod))


def _ports(service: Object, pods: Objects) -> Objects:
    found = []
    for port in at(service, ("spec", "ports")) or ():
        number = next((n for pod in pods if (n := target_port(port, pod)) is not None), None)
        if number is not None:
            name = {"name": port["name"]} if port.get("name") else {}
            found.append({**name, "port": number, "protocol": port.get("protocol", "TCP")})
    return found


def _endpoints(service: Object, pods: Objects) -> Object:
    meta = service["metadata"]
    up = [_address(pod) for pod in pods if _serves(service, pod)]
    down = [_address(pod) for pod in pods if not _serves(service, pod) and not is_deleted(pod)]
    subset: Object = {**({"addresses": up} if up else {}), **({"notReadyAddresses": down} if down else {})}
    labels = {**(meta.get("labels") or {}), "endpoints.kubernetes.io/managed-by": "endpoint-controller"}
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": meta["name"], "namespace": meta["namespace"], "labels": labels},
        "subsets": [{**subset, "ports": _ports(service, pods)}] if subset else [],
    }


def _slice(cluster: Cluster, service: Object, pods: Objects) -> Object:
    meta = service["metadata"]
    labels = {
        **(meta.get("labels") or {}),
        "kubernetes.io/service-name": meta["name"],
        "endpointslice.kubernetes.io/managed-by": _SLICE,
    }
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{meta['name']}-{meta['uid'][:5]}",
            "namespace": meta["namespace"],
            "labels": labels,
            "ownerReferences": [owner_reference(service)],
        },
        "addressType": "IPv4",
        "endpoints": [_endpoint(cluster, service, pod) for pod in pods],
        "ports": [{"name": "", **port} for port in _ports(service, pods)],
    }


def _endpoint(cluster: Cluster, service: Object, pod: Object) -> Object:
    address = _address(pod)
    node = cluster.store.exists("nodes", address["nodeName"]) or {}
    zone = at(node, ("metadata", "labels", "topology.kubernetes.io/zone"))
    serving = is_ready(pod)
    return {
        "addresses": [address["ip"]],
        "conditions": {"ready": _serves(service, pod), "serving": serving, "terminating": is_deleted(pod)},
        "nodeName": address["nodeName"],
        "targetRef": address["targetRef"],
        **({"zone": zone} if zone else {}),
    }


def services_of_pod(cluster: Cluster, event: Event) -> Iterable[Key]:
    """The Services that select a pod, or did, when something that they tell of has changed."""
    if event.previous is not None and event.type == "MODIFIED" and _face(event.object) == _face(event.previous):
        return ()
    found = set()
    for service in cluster.peek(SERVICE, event.object["metadata"]["namespace"]):
        selector = at(service, ("spec", "selector"))
        if selector:
            matches = parse_labels(selector)
            if any(matches(obj["metadata"].get("labels") or {}) for obj in (event.object, event.previous) if obj):
                found.add(key_of(service))
    return found


def _face(pod: Object) -> tuple[object, ...]:
    status = pod.get("status") or {}
    return pod["metadata"].get("labels"), status.get("podIP"), is_ready(pod), is_deleted(pod), has_ended(pod)


CONTROLLER = Controller(name=NAME, reconcile=reconcile, triggers={"services": itself, "pods": services_of_pod})
