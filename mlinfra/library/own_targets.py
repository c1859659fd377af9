"""Target groups for what an application load balancer sends to itself: the pods of a service, without a gateway before.

Called by `route`. The pods are registered by the AWS load balancer controller; what the load balancer is told of them,
it adds itself once everybody has said what he wants of it (`Exposure`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlinfra.core.value import Properties, Value
from mlinfra.library.addon import component
from mlinfra.library.outputs import Exposure, LoadBalancer
from mlinfra.library.scope import Handle, Scope

if TYPE_CHECKING:
    from mlinfra.library.route import Route, Way

_TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"
_BINDING = "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding"
# Connections that are under way when a pod goes: as those behind a gateway.
_DEREGISTRATION_SECONDS = 60


def add_targets(scope: Scope, local_name: str, balancer: LoadBalancer, route: Route) -> tuple[Exposure, ...]:
    """Add a target group for each service and each of its ports, with the ready pods in it.

    gRPC is for listeners with TLS (Elastic Load Balancing, "Target groups for your Application Load Balancers",
    Protocol version, November 2026): on others its ways are left out.
    """
    ways = [way for way in route.ways if balancer.tls or not way.grpc]
    exposed = [
        _exposed(scope, local_name, balancer, route, [way for way in ways if way.port == port])
        for port in dict.fromkeys(way.port for way in ways)
    ]
    return tuple(one for rest in exposed for one in (*_sooner(rest, route), rest))


def _sooner(rest: Exposure, route: Route) -> Iterator[Exposure]:
    """Those who are let through to the same targets otherwise, and asked before."""
    for number, one in enumerate(route.sooner, 1):
        name, paths = f"{rest.name}.{one.name}", one.paths or rest.paths
        yield replace(rest, name=name, paths=paths, sign_in=None, tokens=one.tokens, turn=number)


def gates_of(service: str, balancer: LoadBalancer, *, grpc: bool) -> list[str]:
    """The conditions of pods behind a service that the controller sets once the load balancer has found them well.

    AWS Load Balancer Controller v3.5, pkg/targetgroupbinding/utils.go (August 2026): named for the binding. Put into
    pods as they are declared, they need no webhook that must be there first.
    """
    kinds = (False, True) if grpc else (False,)
    return [f"target-health.elbv2.k8s.aws/{_binding_name(service, balancer, grpc=kind)}" for kind in kinds]


def _binding_name(service: str, balancer: LoadBalancer, *, grpc: bool) -> str:
    return f"{service}-{balancer.address.parts[-1]}-{'grpc' if grpc else 'http'}"


def _exposed(scope: Scope, local_name: str, balancer: LoadBalancer, route: Route, ways: list[Way]) -> Exposure:
    first = ways[0]
    kind = "grpc" if first.grpc else "http"
    targets = []
    for service, weight in (route.shares or {route.service: 100}).items():
        of_one = f"{kind}.{service}" if route.shares else kind
        group = scope.add(f"{local_name}.{of_one}", _TARGET_GROUP, _group(balancer, first))
        _bind(scope, f"{local_name}.{of_one}.binding", balancer, route, first, service, group)
        targets.append((group.arn, weight))
    return Exposure(
        balancer=balancer.address,
        name=".".join(filter(None, (str(scope.address), route.part, kind))),
        host=route.host,
        paths=tuple(_patterns(ways)),
        targets=tuple(targets),
        port=first.pods or first.port,
        sign_in=route.sign_in,
        turn=len(route.sooner) + 1 if route.sooner else 0,
    )


def _patterns(ways: list[Way]) -> Iterator[str]:
    """As regular expressions of all of a path; none where every path is meant."""
    for way in ways:
        if way.whole:
            yield f"^{way.path}$"
        elif way.path != "/":
            yield f"^{re.escape(way.path)}.*$"


def _group(balancer: LoadBalancer, way: Way) -> Properties:
    check: Properties = {
        "protocol": "HTTP",
        "path": way.health,
        "matcher": "0" if way.grpc else "200",
        "interval": 10,
        "healthyThreshold": 2,
        "unhealthyThreshold": 2,
    }
    return {
        "targetType": "ip",
        "vpcId": balancer.vpc_id,
        "port": way.pods or way.port,
        "protocol": "HTTP",
        "protocolVersion": "GRPC" if way.grpc else "HTTP1",
        "healthCheck": check,
        "deregistrationDelay": _DEREGISTRATION_SECONDS,
    }


def _bind(
    scope: Scope, local_name: str, balancer: LoadBalancer, route: Route, way: Way, service: str, group: Handle
) -> None:
    arn: Value = group.arn
    spec: Properties = {
        "targetGroupARN": arn,
        "targetType": "ip",
        "ipAddressType": "ipv4",
        "vpcID": balancer.vpc_id,
        "serviceRef": {"name": service, "port": way.port},
    }
    name = _binding_name(service, balancer, grpc=way.grpc)
    properties: Properties = {"metadata": {"name": name, "namespace": route.namespace}, "spec": spec}
    scope.add(local_name, _BINDING, properties, depends_on=[component("aws-load-balancer-controller")])
