"""A gateway of ingress-nginx: pods of NGINX, which serve the ingresses of one class."""

from __future__ import annotations

from mlinfra.core.value import Properties, Value
from mlinfra.library import Handle, Scope

from .contract import NGINX
from .door import Door, add_pods, spread


def add_nginx(scope: Scope, door: Door, room: list[Handle], dns_name: Value) -> Handle:
    """Add its release; answers what routes come after. dns_name: where ingresses say that they are reached."""
    return add_pods(scope, door, NGINX, _values(door, dns_name), after=room)


def _values(door: Door, dns_name: Value) -> Properties:
    certificate = {"default-ssl-certificate": f"{door.name}/{door.secret}"} if door.secret else {}
    controller: Properties = {
        "ingressClass": door.name,
        "ingressClassResource": {"name": door.name, "controllerValue": f"k8s.io/{door.name}"},
        "service": {"enabled": False},
        "publishService": {"enabled": False},
        "extraArgs": {"publish-status-address": dns_name, **certificate},
        # Nobody but the stack writes ingresses of this class; a server that reads them all is one that may be attacked.
        "admissionWebhooks": {"enabled": False},
        "autoscaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 5},
        "maxUnavailable": 1,
        "metrics": {"enabled": True, "service": {"enabled": False}},
        "topologySpreadConstraints": spread(door),
    }
    # Its pods bear the name of their deployment, as those of the other gateway do.
    return {"fullnameOverride": door.name, "nameOverride": door.pods, "controller": controller}
