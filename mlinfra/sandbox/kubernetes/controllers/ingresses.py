"""Ingresses of class `alb`: application load balancers, one for an Ingress or for a named group of them.

Only while the AWS Load Balancer Controller runs. Finalizers, names and tags are its own (v2.13, pkg/ingress, read
November 2026): `ingress.k8s.aws/resources`, or `group.ingress.k8s.aws/<group>`; `k8s-<namespace>-<name>-<hash>`, or
`k8s-<group>-<hash>`; `ingress.k8s.aws/stack` and `ingress.k8s.aws/resource`. Called by the runtime.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from mlinfra.sandbox.kubernetes.controllers import programs
from mlinfra.sandbox.kubernetes.controllers.catalog import INGRESS, SERVICE
from mlinfra.sandbox.kubernetes.controllers.clock import seconds_since
from mlinfra.sandbox.kubernetes.controllers.cloud import CloudError, Listener, LoadBalancer, SecurityGroup, TargetGroup
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, all_of, itself
from mlinfra.sandbox.kubernetes.controllers.endpoints import selected
from mlinfra.sandbox.kubernetes.controllers.load_balancers import hashed_name, key_text, node_targets, pod_targets
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key, key_of
from mlinfra.sandbox.kubernetes.controllers.pods import is_deleted
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.values import Object, Objects, at
from mlinfra.sandbox.kubernetes.watch import Event

NAME = "ingress"
FINALIZER = "ingress.k8s.aws/resources"
_CONTROLLER = "ingress.k8s.aws/alb"
_NOTE = "alb.ingress.kubernetes.io/"
_Route = tuple[str, str, TargetGroup]


def reconcile(cluster: Cluster, key: Key) -> Again | None:
    """Make, change or remove the load balancer of an Ingress with all others of its group."""
    ingress = cluster.find(INGRESS, key)
    if ingress is None or not cluster.runs(programs.LOAD_BALANCER_CONTROLLER):
        return None
    finalizer, held = finalizer_of(ingress), ingress["metadata"].get("finalizers") or ()
    if is_deleted(ingress) or not _is_alb(cluster, ingress):
        if finalizer in held:
            _leave(cluster, ingress)
            cluster.drop_finalizer(INGRESS, ingress, finalizer)
        return None
    cluster.add_finalizer(INGRESS, ingress, finalizer)
    return _ensure(cluster, ingress)


def _note(ingress: Object, name: str, default: str = "") -> str:
    return str(at(ingress, ("metadata", "annotations", _NOTE + name)) or default)


def finalizer_of(ingress: Object) -> str:
    """What holds an Ingress: its own finalizer, or that of its group."""
    group = _note(ingress, "group.name")
    return f"group.ingress.k8s.aws/{group}" if group else FINALIZER


def _is_alb(cluster: Cluster, ingress: Object) -> bool:
    name = at(ingress, ("spec", "ingressClassName")) or at(
        ingress, ("metadata", "annotations", "kubernetes.io/ingress.class")
    )
    if name is None:
        return False
    found = cluster.store.exists("ingressclasses.networking.k8s.io", name)
    return bool(name == "alb" if found is None else at(found, ("spec", "controller")) == _CONTROLLER)


def _members(cluster: Cluster, ingress: Object) -> Objects:
    """The Ingresses that share the load balancer, this one included."""
    group = _note(ingress, "group.name")
    if not group:
        return [] if is_deleted(ingress) else [ingress]
    found = [item for item in cluster.peek(INGRESS) if _note(item, "group.name") == group]
    living = [item for item in found if not is_deleted(item) and _is_alb(cluster, item)]
    return sorted(living, key=lambda item: (int(_note(item, "group.order", "0")), key_text(item)))


def _stack(ingress: Object) -> str:
    return _note(ingress, "group.name") or key_text(ingress)


def name_of(ingress: Object) -> str:
    """The name of the load balancer."""
    if given := _note(ingress, "load-balancer-name"):
        return given
    group = _note(ingress, "group.name")
    if group:
        short = re.sub(r"[^a-z0-9]", "", group.lower())[:17]
        return f"k8s-{short}-{hashed_name('', group)[-10:]}"
    return hashed_name(*key_of(ingress))


def _ensure(cluster: Cluster, ingress: Object) -> Again | None:
    try:
        hostname = cluster.cloud.ensure_load_balancer(wanted_for(cluster, _members(cluster, ingress)))
    except CloudError as error:
        cluster.record(ingress, NAME, "FailedDeployModel", f"Failed deploy model due to {error}", warning=True)
        raise
    if at(ingress, ("status", "loadBalancer", "ingress")):
        return None
    left = cluster.timings.load_balancer - seconds_since(ingress["metadata"]["creationTimestamp"], cluster.clock())
    if left > 0:
        return Again(left)
    cluster.set_status(INGRESS, ingress, {"loadBalancer": {"ingress": [{"hostname": hostname}]}})
    cluster.record(ingress, NAME, "SuccessfullyReconciled", "Successfully reconciled")
    return None


def _leave(cluster: Cluster, ingress: Object) -> None:
    others = [item for item in _members(cluster, ingress) if key_of(item) != key_of(ingress)]
    if others:
        cluster.cloud.ensure_load_balancer(wanted_for(cluster, others))
    else:
        cluster.cloud.delete_load_balancer(name_of(ingress))


def wanted_for(cluster: Cluster, members: Sequence[Object]) -> LoadBalancer:
    """The load balancer that some Ingresses describe; the first decides on name, scheme and certificates."""
    first = members[0]
    tags = {"elbv2.k8s.aws/cluster": cluster.name, "ingress.k8s.aws/stack": _stack(first)}
    routes = [route for ingress in members for route in _routes(cluster, ingress, tags)]
    certificates = tuple(arn.strip() for arn in _note(first, "certificate-arn").split(",") if arn.strip())
    listeners = [
        Listener(
            protocol=protocol,
            port=port,
            rules=[(host, path, group.name) for host, path, group in routes],
            certificates=certificates if protocol == "HTTPS" else (),
        )
        for protocol, port in _listen(first, certificates)
    ]
    name = name_of(first)
    security = SecurityGroup(
        name=name,
        description="[k8s] Managed SecurityGroup for LoadBalancer",
        ports=[("TCP", listener.port) for listener in listeners],
        sources=[part.strip() for part in _note(first, "inbound-cidrs", "0.0.0.0/0").split(",")],
        tags={**tags, "ingress.k8s.aws/resource": "ManagedLBSecurityGroup"},
    )
    return LoadBalancer(
        name=name,
        kind="application",
        scheme=_note(first, "scheme", "internal"),
        listeners=listeners,
        target_groups=list({group.name: group for _, _, group in routes}.values()),
        security_groups=(security,),
        subnets=[part.strip() for part in _note(first, "subnets").split(",") if part.strip()],
        tags={**tags, "ingress.k8s.aws/resource": "LoadBalancer"},
    )


def _listen(ingress: Object, certificates: Sequence[str]) -> list[tuple[str, int]]:
    """Ports from `listen-ports` ([{"HTTP": 80}, {"HTTPS": 443}]), else 443 with a certificate and 80 without."""
    text = _note(ingress, "listen-ports")
    if text:
        return [(protocol, int(port)) for entry in json.loads(text) for protocol, port in entry.items()]
    return [("HTTPS", 443)] if certificates else [("HTTP", 80)]


def _routes(cluster: Cluster, ingress: Object, tags: dict[str, str]) -> Iterable[_Route]:
    for rule in at(ingress, ("spec", "rules")) or ():
        for path in at(rule, ("http", "paths")) or ():
            group = _target_group(cluster, ingress, path["backend"].get("service"), tags)
            if group is not None:
                yield rule.get("host", "*"), path.get("path", "/"), group
    default = at(ingress, ("spec", "defaultBackend", "service"))
    group = _target_group(cluster, ingress, default, tags)
    if group is not None:
        yield "*", "/*", group


def _target_group(
    cluster: Cluster, ingress: Object, backend: Object | None, tags: dict[str, str]
) -> TargetGroup | None:
    if backend is None:
        return None
    namespace = ingress["metadata"]["namespace"]
    service = cluster.store.find(SERVICE, backend["name"], namespace)
    wanted = backend.get("port") or {}
    ports = at(service or {}, ("spec", "ports")) or ()
    port = next((p for p in ports if wanted in ({"number": p["port"]}, {"name": p.get("name")})), None)
    if service is None or port is None:
        what = f"backend {namespace}/{backend['name']}:{wanted.get('name') or wanted.get('number')} was not found"
        cluster.record(ingress, NAME, "FailedBuildModel", f"Failed build model due to {what}", warning=True)
        return None
    by_address = _note(ingress, "target-type", "instance") == "ip"
    resource = f"{key_text(ingress)}-{backend['name']}:{port['port']}"
    return TargetGroup(
        name=hashed_name(namespace, backend["name"], ingress["metadata"]["uid"], str(port["port"])),
        protocol=_note(ingress, "backend-protocol", "HTTP"),
        port=int(port["port"]) if by_address else int(port.get("nodePort") or port["port"]),
        kind="ip" if by_address else "instance",
        targets=pod_targets(selected(cluster, service), port) if by_address else node_targets(cluster, port),
        tags={**tags, "ingress.k8s.aws/resource": resource},
    )


def _concerned(cluster: Cluster, event: Event) -> Iterable[Key]:
    """Ingresses beside a Service or endpoints that changed; all, when the controller or a class did."""
    if event.kind.resource == "deployments.apps" and not programs.is_of(
        programs.LOAD_BALANCER_CONTROLLER, event.object
    ):
        return ()
    return all_of(INGRESS, same_namespace=event.kind.namespaced and event.kind.resource != "deployments.apps")(
        cluster, event
    )


CONTROLLER = Controller(
    name="ingress-controller",
    reconcile=reconcile,
    triggers={
        "ingresses.networking.k8s.io": itself,
        "services": _concerned,
        "endpoints": _concerned,
        "ingressclasses.networking.k8s.io": _concerned,
        "deployments.apps": _concerned,
    },
)
