"""Listeners: the ports on which a load balancer takes connections or requests, and what it does with them."""

from __future__ import annotations

import msgspec

from mlinfra.core.value import Properties
from mlinfra.library import Handle, Scope
from mlinfra.library.outputs import Network

from .gateways import Gateway

# What Elastic Load Balancing recommends, and its console chooses: TLS 1.2 and 1.3 with forward secrecy, and a key
# exchange that withstands quantum computers where clients know it (user guides, "Security policies", November 2026).
_TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
# Connections that are under way when a pod goes: as long as Kubernetes itself waits for it, and a little more.
_DEREGISTRATION_SECONDS = 60


class Listener(msgspec.Struct, frozen=True):
    """One port: `target` names the gateway's port that it is handed to; empty for a redirection to TLS."""

    port: int
    protocol: str
    target: str = ""


def listeners_of(kind: str, certificate: str) -> dict[str, Listener]:
    """The listeners by name, first the one that takes requests. Without a certificate TLS is left to the gateway."""
    if kind == "application":
        if certificate:
            return {"https": Listener(443, "HTTPS", "http"), "http": Listener(80, "HTTP")}
        return {"http": Listener(80, "HTTP", "http")}
    if certificate:
        return {"https": Listener(443, "TLS", "http")}
    return {"https": Listener(443, "TCP", "https"), "http": Listener(80, "TCP", "http")}


def add_targets(
    scope: Scope, kind: str, network: Network, gateway: Gateway, listeners: dict[str, Listener]
) -> dict[str, Handle]:
    """A group of addresses for each of the gateway's ports in use; the cluster registers its pods there."""
    used = dict.fromkeys(one.target for one in listeners.values() if one.target)
    return {name: _target(scope, kind, network, gateway, name) for name in used}


def _target(scope: Scope, kind: str, network: Network, gateway: Gateway, name: str) -> Handle:
    check: Properties = {
        "protocol": "HTTP",
        "port": str(gateway.health_port),
        "path": gateway.health_path,
        "interval": 10,
        "healthyThreshold": 2,
        "unhealthyThreshold": 2,
    }
    properties: Properties = {
        "targetType": "ip",
        "vpcId": network.vpc_id,
        "port": gateway.ports[name],
        "protocol": "HTTP" if kind == "application" else "TCP",
        "healthCheck": check,
        "deregistrationDelay": _DEREGISTRATION_SECONDS,
    }
    return scope.add(f"target-group.{name}", "aws:lb/targetGroup:TargetGroup", properties)


def add_listeners(
    scope: Scope,
    balancer: Handle,
    listeners: dict[str, Listener],
    targets: dict[str, Handle],
    certificate: str,
    *,
    speaks_http2: bool,
) -> dict[str, Handle]:
    """Add them, by name. speaks_http2: whether the gateway takes HTTP/2 on a connection without TLS, as gRPC wants."""
    made = {}
    for name, one in listeners.items():
        properties = _listener(balancer, one, targets.get(one.target), certificate)
        if speaks_http2 and one.protocol == "TLS":
            properties = {**properties, "alpnPolicy": "HTTP2Preferred"}
        made[name] = scope.add(f"listener.{name}", "aws:lb/listener:Listener", properties)
    return made


def _listener(balancer: Handle, listener: Listener, target: Handle | None, certificate: str) -> Properties:
    properties: Properties = {
        "loadBalancerArn": balancer.arn,
        "port": listener.port,
        "protocol": listener.protocol,
        "defaultActions": [_action(listener, target)],
    }
    if listener.protocol in ("HTTPS", "TLS"):
        properties |= {"certificateArn": certificate, "sslPolicy": _TLS_POLICY}
    return properties


def _action(listener: Listener, target: Handle | None) -> Properties:
    if target is not None:
        return {"type": "forward", "targetGroupArn": target.arn}
    if not listener.target:
        return {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}
    # Services bring rules of their own; what none of them wants is nobody's.
    answer = {"contentType": "text/plain", "messageBody": "there is no such service here", "statusCode": "404"}
    return {"type": "fixed-response", "fixedResponse": answer}
