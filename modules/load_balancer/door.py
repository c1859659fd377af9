"""The door of a load balancer: the pods of its gateway within the cluster, and what binds them to its target groups.

Each load balancer has pods of its own, so that a route that one of them lets in is not reached through another.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.value import Properties, Value
from mlinfra.library import Handle, Scope
from mlinfra.library.addon import NAMESPACE, RELEASE, chart_reference, component
from mlinfra.library.contract import Chart, Entrance, Namespace
from mlinfra.library.enclosure import add_enclosure

from .contract import CONTRACT

# Where pods are kept until the load balancer finds them well, so that none is missing while they are replaced
# (AWS Load Balancer Controller, "Pod readiness gate", v3.5, November 2026).
_GATE = {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"}
_LEVEL = "pod-security.kubernetes.io/enforce"
_BINDING = "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding"


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """One gateway.

    name: of its namespace, its release and its service. domain: of the names that it answers to; empty for any.
    secret: of the certificate with which it ends TLS itself; empty where it does not.
    ports: of its pods, by name, as far as they are in use. health_port: where they say that they are well.
    pods: the label that they bear.
    """

    name: str
    domain: str
    secret: str
    ports: dict[str, int]
    health_port: int
    pods: str

    @property
    def hosts(self) -> list[str]:
        """The names that it answers to."""
        return [self.domain, f"*.{self.domain}"] if self.domain else ["*"]


def add_room(scope: Scope, door: Door) -> list[Handle]:
    """Add the namespace of its pods, closed to all but what they listen to; answers what they do not start before."""
    entrances = (Entrance("anybody", (*door.ports.values(), door.health_port)),)
    room = Namespace(name=door.name, level=CONTRACT.namespace.level, entrances=entrances)
    labels = {_LEVEL: room.level, f"{_LEVEL}-version": "latest", **_GATE}
    scope.add("gateway.namespace", NAMESPACE, {"metadata": {"name": room.name, "labels": labels}})
    return add_enclosure(scope, room, "gateway.namespace")


def add_pods(
    scope: Scope, door: Door, chart: Chart, values: Properties, *, after: Iterable[Handle | Address]
) -> Handle:
    """Add its release. What counts requests to more pods, and what waits for their targets, come before."""
    properties: Properties = {
        "name": door.name,
        "namespace": door.name,
        **chart_reference(chart),
        "values": values,
    }
    needs: list[Handle | Address] = [component("metrics-server"), component("aws-load-balancer-controller"), *after]
    return scope.add("gateway", RELEASE, properties, depends_on=needs)


def bind(scope: Scope, door: Door, vpc_id: Value, targets: dict[str, Handle]) -> None:
    """Add its service, and for each target group what registers the pods behind it there.

    The charts' own services are left out: they would be load balancers themselves, or say less of what is reached.
    """
    metadata = {"name": door.name, "namespace": door.name}
    ports = [{"name": name, "port": port, "targetPort": port} for name, port in door.ports.items()]
    spec: Properties = {"selector": {"app.kubernetes.io/name": door.pods}, "ports": ports}
    service = scope.add("gateway.service", "kubernetes:core/v1:Service", {"metadata": metadata, "spec": spec})
    for name, target in targets.items():
        binding: Properties = {
            "targetGroupARN": target.arn,
            "targetType": "ip",
            "ipAddressType": "ipv4",
            "vpcID": vpc_id,
            "serviceRef": {"name": door.name, "port": door.ports[name]},
        }
        properties: Properties = {"metadata": {"name": name, "namespace": door.name}, "spec": binding}
        before: list[Handle | Address] = [service, component("aws-load-balancer-controller")]
        scope.add(f"gateway.binding.{name}", _BINDING, properties, depends_on=before)


def spread(door: Door) -> list[dict[str, Value]]:
    """Its pods keep to different zones and nodes where they can."""
    keys = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    selector = {"matchLabels": {"app.kubernetes.io/name": door.pods}}
    return [
        {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": selector}
        for key in keys
    ]
