"""Services of type LoadBalancer: each gets a load balancer in the account, and takes it along when it goes.

Two programs do this on EKS, and the sandbox does as whichever is there:
- the AWS Load Balancer Controller, while it runs, takes every new Service (its webhook sets the class
  `service.k8s.aws/nlb`): a network load balancer `k8s-<namespace>-<name>-<hash>`, target groups of pod addresses, a
  security group, tags `elbv2.k8s.aws/cluster`, `service.k8s.aws/stack` and `service.k8s.aws/resource`, and the
  finalizer `service.k8s.aws/resources`
- else the cloud provider of the control plane: a classic load balancer (or a network one by annotation) named `a` and
  the Service's uid, tags `kubernetes.io/service-name` and `kubernetes.io/cluster/<cluster>=owned`, and the finalizer
  `service.kubernetes.io/load-balancer-cleanup`

When the controller is removed before the Services, nobody takes off their finalizers: the namespace hangs, and the load
balancers stay, exactly as on a real cluster. Names and tags: kubernetes-sigs/aws-load-balancer-controller v2.13
(pkg/service) and kubernetes/cloud-provider-aws v1.33 (read November 2026). Called by the runtime.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from mlinfra.sandbox.kubernetes.controllers import conditions, programs
from mlinfra.sandbox.kubernetes.controllers.catalog import SERVICE
from mlinfra.sandbox.kubernetes.controllers.clock import seconds_since
from mlinfra.sandbox.kubernetes.controllers.cloud import CloudError, Listener, LoadBalancer, SecurityGroup, TargetGroup
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, all_of, itself
from mlinfra.sandbox.kubernetes.controllers.endpoints import selected, services_of_pod, target_port
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key, key_of
from mlinfra.sandbox.kubernetes.controllers.pods import is_deleted, is_ready
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.values import Object, Objects, at
from mlinfra.sandbox.kubernetes.watch import Event

NLB_CLASS = "service.k8s.aws/nlb"
CONTROLLER_FINALIZER = "service.k8s.aws/resources"
PROVIDER_FINALIZER = "service.kubernetes.io/load-balancer-cleanup"
_NOTE = "service.beta.kubernetes.io/aws-load-balancer-"


def reconcile(cluster: Cluster, key: Key) -> Again | None:
    """Make, change or remove the load balancer of a Service."""
    service = cluster.find(SERVICE, key)
    if service is None:
        return None
    handler = _handler(cluster, service)
    if handler is None:
        return None
    wanted = not is_deleted(service) and at(service, ("spec", "type")) == "LoadBalancer"
    if not wanted:
        _remove(cluster, service, handler)
        return None
    if handler == CONTROLLER_FINALIZER and not at(service, ("spec", "loadBalancerClass")):
        service = cluster.patch(SERVICE, service, {"spec": {"loadBalancerClass": NLB_CLASS}})
    cluster.add_finalizer(SERVICE, service, handler)
    return _ensure(cluster, service, handler)


def _handler(cluster: Cluster, service: Object) -> str | None:
    """Whose the Service is, by the finalizer of that program; None while nobody is there who would act."""
    finalizers = service["metadata"].get("finalizers") or ()
    present = cluster.runs(programs.LOAD_BALANCER_CONTROLLER)
    if CONTROLLER_FINALIZER in finalizers:
        return CONTROLLER_FINALIZER if present else None
    if PROVIDER_FINALIZER in finalizers:
        return PROVIDER_FINALIZER
    if at(service, ("spec", "type")) != "LoadBalancer":
        return None
    chosen = at(service, ("spec", "loadBalancerClass"))
    if chosen not in (None, NLB_CLASS):
        return None
    if present:
        return CONTROLLER_FINALIZER
    return PROVIDER_FINALIZER if chosen is None else None


def _ensure(cluster: Cluster, service: Object, handler: str) -> Again | None:
    component = _component(handler)
    try:
        hostname = cluster.cloud.ensure_load_balancer(wanted_for(cluster, service, handler))
    except CloudError as error:
        reason = "FailedDeployModel" if handler == CONTROLLER_FINALIZER else "SyncLoadBalancerFailed"
        cluster.record(service, component, reason, f"Error syncing load balancer: {error}", warning=True)
        raise
    if at(service, ("status", "loadBalancer", "ingress")):
        return None
    age = seconds_since(service["metadata"]["creationTimestamp"], cluster.clock())
    if age < cluster.timings.load_balancer:
        return Again(cluster.timings.load_balancer - age)
    status = {**(service.get("status") or {}), "loadBalancer": {"ingress": [{"hostname": hostname}]}}
    cluster.set_status(SERVICE, service, status)
    if handler == CONTROLLER_FINALIZER:
        cluster.record(service, component, "SuccessfullyReconciled", "Successfully reconciled")
    else:
        cluster.record(service, component, "EnsuredLoadBalancer", "Ensured load balancer")
    return None


def _remove(cluster: Cluster, service: Object, handler: str) -> None:
    if handler not in (service["metadata"].get("finalizers") or ()):
        return
    cluster.cloud.delete_load_balancer(name_of(service, handler))
    if at(service, ("status", "loadBalancer", "ingress")):
        cluster.set_status(SERVICE, service, {**service["status"], "loadBalancer": {}})
    cluster.drop_finalizer(SERVICE, service, handler)


def _component(handler: str) -> str:
    return "service" if handler == CONTROLLER_FINALIZER else "service-controller"


def name_of(service: Object, handler: str) -> str:
    """The name of a Service's load balancer."""
    meta = service["metadata"]
    if handler == CONTROLLER_FINALIZER:
        return hashed_name(meta["namespace"], meta["name"], meta["uid"])
    return f"a{meta['uid'].replace('-', '')}"[:32]


def hashed_name(namespace: str, name: str, *more: str) -> str:
    """`k8s-<8>-<8>-<10>`: the load balancer controller's names for all that it makes."""
    digest = hashlib.sha256("/".join((namespace, name, *more)).encode()).hexdigest()[:10]
    parts = [re.sub(r"[^a-z0-9]", "", part.lower())[:8] for part in (namespace, name)]
    return "-".join(("k8s", *parts, digest))


def _note(service: Object, name: str, default: str = "") -> str:
    return str(at(service, ("metadata", "annotations", _NOTE + name)) or default)


def wanted_for(cluster: Cluster, service: Object, handler: str) -> LoadBalancer:
    """The load balancer that a Service describes."""
    by_controller = handler == CONTROLLER_FINALIZER
    kind = "network" if by_controller or _note(service, "type") in ("nlb", "external", "nlb-ip") else "classic"
    inside = _note(service, "internal") == "true"
    scheme = _note(service, "scheme", "internal" if by_controller or inside else "internet-facing")
    tags = _tags(cluster, service, by_controller)
    groups = _target_groups(cluster, service, by_controller, tags)
    ports = at(service, ("spec", "ports")) or ()
    sources = at(service, ("spec", "loadBalancerSourceRanges")) or ["0.0.0.0/0"]
    name = name_of(service, handler)
    security = SecurityGroup(
        name=name if by_controller else f"k8s-elb-{name}",
        description=f"[k8s] Managed SecurityGroup for {key_text(service)}",
        ports=[(port.get("protocol", "TCP"), int(port["port"])) for port in ports],
        sources=list(sources),
        tags={**tags, "service.k8s.aws/resource": "ManagedLBSecurityGroup"} if by_controller else tags,
    )
    return LoadBalancer(
        name=name,
        kind=kind,
        scheme=scheme,
        listeners=[
            Listener(protocol=_protocol(service, port), port=int(port["port"]), default=group.name)
            for port, group in zip(ports, groups, strict=True)
        ],
        target_groups=groups,
        security_groups=(security,),
        subnets=[part.strip() for part in _note(service, "subnets").split(",") if part.strip()],
        tags={**tags, "service.k8s.aws/resource": "LoadBalancer"} if by_controller else tags,
    )


def key_text(obj: Object) -> str:
    """`namespace/name`."""
    return "/".join(key_of(obj))


def _protocol(service: Object, port: Object) -> str:
    certified = _note(service, "ssl-cert") and str(port["port"]) in _note(service, "ssl-ports", str(port["port"]))
    return "TLS" if certified else str(port.get("protocol", "TCP"))


def _tags(cluster: Cluster, service: Object, by_controller: bool) -> dict[str, str]:
    extra = dict(part.split("=", 1) for part in _note(service, "additional-resource-tags").split(",") if "=" in part)
    if by_controller:
        return {**extra, "elbv2.k8s.aws/cluster": cluster.name, "service.k8s.aws/stack": key_text(service)}
    owned = {f"kubernetes.io/cluster/{cluster.name}": "owned", "kubernetes.io/service-name": key_text(service)}
    return {**extra, **owned}


def _target_groups(
    cluster: Cluster, service: Object, by_controller: bool, tags: dict[str, str]
) -> Sequence[TargetGroup]:
    by_address = by_controller and _note(service, "nlb-target-type", "instance") == "ip"
    pods = selected(cluster, service) if at(service, ("spec", "selector")) else []
    groups = []
    for port in at(service, ("spec", "ports")) or ():
        resource = f"{key_text(service)}:{port['port']}"
        groups.append(
            TargetGroup(
                name=hashed_name(*key_of(service), service["metadata"]["uid"], str(port["port"])),
                protocol=str(port.get("protocol", "TCP")),
                port=int(port.get("nodePort") or port["port"]),
                kind="ip" if by_address else "instance",
                targets=pod_targets(pods, port) if by_address else node_targets(cluster, port),
                tags={**tags, "service.k8s.aws/resource": resource} if by_controller else tags,
            )
        )
    return groups


def pod_targets(pods: Objects, port: Object) -> Sequence[tuple[str, int]]:
    """Pods by address that are ready, or would be but for a readiness gate that waits for what this registers."""
    found = [(pod, target_port(port, pod)) for pod in pods if _may_take(pod) and not is_deleted(pod)]
    return [(pod["status"]["podIP"], number) for pod, number in found if number is not None]


def _may_take(pod: Object) -> bool:
    return is_ready(pod) or bool(at(pod, ("spec", "readinessGates")) and conditions.holds(pod, "ContainersReady"))


def node_targets(cluster: Cluster, port: Object) -> Sequence[tuple[str, int]]:
    """All ready nodes by instance."""
    number = int(port.get("nodePort") or 0)
    return [(machine.instance_id, number) for machine in cluster.cloud.machines() if number]


def _all_services(cluster: Cluster, event: Event) -> list[Key]:
    """Every Service, when nodes come or go, or when the controller may have come."""
    if event.type == "MODIFIED" and event.kind.resource == "nodes":
        return []
    if event.kind.resource == "deployments.apps" and not programs.is_of(
        programs.LOAD_BALANCER_CONTROLLER, event.object
    ):
        return []
    return list(all_of(SERVICE)(cluster, event))


CONTROLLER = Controller(
    name="service-load-balancer-controller",
    reconcile=reconcile,
    triggers={
        "services": itself,
        "pods": services_of_pod,
        "nodes": _all_services,
        "deployments.apps": _all_services,
    },
)
