"""What stands behind a load balancer in the cluster: a gateway of its kind, with certificate, service and bindings."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mlinfra.core.value import Value
from mlinfra.library import Handle, Scope, outputs

from .door import Door, add_room, bind
from .gateways import Gateway
from .istio import add_istio
from .listeners import Listener
from .nginx import add_nginx
from .own_certificate import SECRET, add_certificate


class Behind(msgspec.Struct, frozen=True):
    """What is known of it: the kind of its gateway, the domain in the stack, the name in DNS, and the network."""

    kind: str
    gateway: Gateway
    domain: str
    dns_name: Value
    vpc_id: Value


def ends_tls(listeners: Mapping[str, Listener]) -> bool:
    """Whether connections reach the gateway as they come, so that it ends TLS itself."""
    return any(one.target == "https" for one in listeners.values())


def add_door(
    scope: Scope, behind: Behind, listeners: Mapping[str, Listener], targets: dict[str, Handle]
) -> outputs.Door:
    """Add all of it; answers what routes need to know."""
    name = f"gateway-{scope.name}"
    door = Door(
        name=name,
        domain=behind.domain,
        secret=SECRET if ends_tls(listeners) else "",
        ports={target: behind.gateway.ports[target] for target in targets},
        health_port=behind.gateway.health_port,
        pods=f"{name}{behind.gateway.workload}",
    )
    room = add_room(scope, door)
    if door.secret:
        add_certificate(scope, name, list(door.hosts) if door.domain else [behind.dns_name])
    istio = behind.kind == "istio"
    taking = add_istio(scope, door, room) if istio else add_nginx(scope, door, room, behind.dns_name)
    bind(scope, door, behind.vpc_id, targets)
    return outputs.Door(
        name=name, pods=door.pods, address=taking.address, tls=bool(door.secret), port=door.ports["http"]
    )
