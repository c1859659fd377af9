"""A gateway of Istio: pods of Envoy, and what they listen to."""

from __future__ import annotations

from typing import Any

from mlinfra.core.value import Properties
from mlinfra.library import Handle, Scope
from mlinfra.library.addon import component
from mlinfra.library.pod_security import POD

from .contract import ISTIO
from .door import Door, add_pods, spread

# Connections that are under way when a pod goes are served for as long as its target group lets them end.
_DRAIN = 60
# Kubernetes allows it to everybody: with it no pod needs a right of its own for ports below 1024.
_LOW_PORTS = [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
# By which the validating webhook of the control plane tells what is its own.
REVISION = {"istio.io/rev": "default"}


def add_istio(scope: Scope, door: Door, room: list[Handle]) -> Handle:
    """Add its release, and what it listens to; answers what routes come after."""
    control = component("istio")
    pods = add_pods(scope, door, ISTIO, _values(door), after=[*room, control])
    spec: Properties = {"selector": {"istio": door.name}, "servers": _servers(door)}
    metadata = {"name": door.name, "namespace": door.name, "labels": REVISION}
    token = "kubernetes:networking.istio.io/v1:Gateway"
    return scope.add("gateway.listeners", token, {"metadata": metadata, "spec": spec}, depends_on=[pods, control])


def _values(door: Door) -> Properties:
    return {
        "service": {"type": "None"},
        "autoscaling": {"minReplicas": 2, "maxReplicas": 5},
        "podDisruptionBudget": {"maxUnavailable": 1},
        "securityContext": {**POD, "sysctls": _LOW_PORTS},
        "podAnnotations": {"proxy.istio.io/config": f'{{"terminationDrainDuration": "{_DRAIN}s"}}'},
        "terminationGracePeriodSeconds": _DRAIN + 30,
        "topologySpreadConstraints": spread(door),
    }


def _servers(door: Door) -> list[dict[str, Any]]:
    http: dict[str, Any] = {
        "port": {"number": door.ports["http"], "name": "http", "protocol": "HTTP"},
        "hosts": door.hosts,
    }
    if not door.secret:
        return [http]
    https = {
        "port": {"number": door.ports["https"], "name": "https", "protocol": "HTTPS"},
        "hosts": door.hosts,
        "tls": {"mode": "SIMPLE", "credentialName": door.secret, "minProtocolVersion": "TLSV1_2"},
    }
    return [https, {**http, "tls": {"httpsRedirect": True}}]
