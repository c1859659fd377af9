"""Routes: how requests for a name get from the gateway of a load balancer to a service in the cluster.

For modules whose services people or programs reach under a domain; `LoadBalancer` stands in their `NEEDS`. Whoever the
load balancer lets in is let through: there is no sign-in here.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mlinfra.core.value import Properties
from mlinfra.library.outputs import Door, Exposure, LoadBalancer
from mlinfra.library.own_targets import add_targets
from mlinfra.library.scope import Handle, Scope

_VIRTUAL_SERVICE = "kubernetes:networking.istio.io/v1:VirtualService"
_INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
_ANNOTATION = "nginx.ingress.kubernetes.io"


class Way(msgspec.Struct, frozen=True):
    """Which paths go to that port of the service: those that begin so.

    whole: `path` is a regular expression, for all of the path. grpc: they are calls of gRPC, for which NGINX, behind a
    load balancer that ends TLS, has no way. pods: on which port the pods listen, where that is another.
    health: a path, or of gRPC a call, that pods answer without being told who asks; for who asks pods themselves.
    """

    path: str
    port: int
    whole: bool = False
    grpc: bool = False
    pods: int = 0
    health: str = "/"


class Through(msgspec.Struct, frozen=True):
    """What takes the requests for a service before it does, gRPC among them: its name within the cluster."""

    host: str
    port: int


class Sooner(msgspec.Struct, frozen=True, kw_only=True):
    """Requests for the same pods that a load balancer which is its own gateway lets through otherwise than the rest.

    paths: regular expressions of all of a path; none for those of the route. tokens: those alone that bring a token,
    and how it is judged (`jwtValidation` of a rule's action); `None`: whoever comes.
    """

    name: str
    paths: tuple[str, ...] = ()
    tokens: Properties | None = None


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Requests for `host` that go to one service. ways: the paths that it answers; every other is refused.

    timeout: in seconds, of a request; of a stream of gRPC there is none.
    shares: instead of all to `service`, so many of a hundred to each of these; a gateway of NGINX knows two.
    through: who takes them first. For NGINX `service` must be a name for that (a service of type ExternalName).
    sign_in: how a load balancer that is its own gateway asks who somebody is before; no other does. sooner: whom it
    does not ask, in this order.
    part: which of several routes of one module. listener: a gateway of Istio that takes the name, where the load
    balancer's own does not (NAMESPACE/NAME).
    """

    host: str
    service: str
    namespace: str
    ways: tuple[Way, ...] = (Way("/", 80),)
    timeout: int = 60
    shares: dict[str, int] = {}
    through: Through | None = None
    sign_in: Properties | None = None
    sooner: tuple[Sooner, ...] = ()
    part: str = ""
    listener: str = ""


def add_route(scope: Scope, local_name: str, balancer: LoadBalancer, route: Route) -> tuple[Exposure, ...]:
    """Add it. Answers what the module's own outputs have to hand on as `exposed`: nothing, but for a load balancer
    that is its own gateway."""
    # Which of two would answer, the gateways decide each in a way of its own.
    scope.claim(f"the name {route.host} at {balancer.address}", at=("domain",), hint="choose another name")
    if balancer.door is None:
        return add_targets(scope, local_name, balancer, route)
    _add_to_gateway(scope, local_name, balancer, balancer.door, route)
    return ()


def _add_to_gateway(scope: Scope, local_name: str, balancer: LoadBalancer, door: Door, route: Route) -> None:
    name = f"{route.service}-{balancer.address.parts[-1]}"
    metadata = {"name": name, "namespace": route.namespace}
    if balancer.gateway == "istio":
        labelled = {**metadata, "labels": {"istio.io/rev": "default"}}
        properties: Properties = {"metadata": labelled, "spec": _virtual_service(door, route)}
        scope.add(local_name, _VIRTUAL_SERVICE, properties, depends_on=[door.address])
        return
    first, *others = route.shares or (route.service,)
    noted = {**metadata, "annotations": _annotations(route)}
    properties = {"metadata": noted, "spec": _ingress(door, route, first)}
    added = scope.add(local_name, _INGRESS, properties, depends_on=[door.address])
    for other in others:
        _add_canary(scope, f"{local_name}.{other}", door, route, other, after=added)


def _add_canary(scope: Scope, local_name: str, door: Door, route: Route, service: str, *, after: Handle) -> None:
    """Its share of the requests. The paths are those of the first, to which NGINX adds it; the rest it takes from that
    (ingress-nginx 1.15, "Annotations", Canary)."""
    about = {"canary": "true", "canary-weight": str(route.shares[service])}
    annotations = {f"{_ANNOTATION}/{name}": value for name, value in about.items()}
    metadata = {"name": f"{service}-{door.name}", "namespace": route.namespace, "annotations": annotations}
    properties: Properties = {"metadata": metadata, "spec": _ingress(door, route, service)}
    scope.add(local_name, _INGRESS, properties, depends_on=[after])


def _virtual_service(door: Door, route: Route) -> Properties:
    http = [
        {
            "match": [{"uri": {"regex" if way.whole else "prefix": way.path}}],
            "route": _destinations(route, way),
            **({} if way.grpc else {"timeout": f"{route.timeout}s"}),
        }
        for way in route.ways
    ]
    return {"hosts": [route.host], "gateways": [route.listener or f"{door.name}/{door.name}"], "http": http}


def _destinations(route: Route, way: Way) -> list[dict[str, Any]]:
    def to(service: str) -> dict[str, Any]:
        host, port = f"{service}.{route.namespace}.svc.cluster.local", way.port
        if route.through is not None:
            host, port = route.through.host, route.through.port
        return {"destination": {"host": host, "port": {"number": port}}}

    shares = [{**to(service), "weight": weight} for service, weight in route.shares.items()]
    return shares or [to(route.service)]


def _ingress(door: Door, route: Route, service: str) -> Properties:
    def backend(port: int) -> dict[str, Any]:
        number = route.through.port if route.through is not None else port
        return {"service": {"name": service, "port": {"number": number}}}

    paths: list[dict[str, Any]] = [
        {
            "path": f"{way.path}$" if way.whole else way.path,
            "pathType": "ImplementationSpecific" if way.whole else "Prefix",
            "backend": backend(way.port),
        }
        for way in route.ways
        if not way.grpc
    ]
    # Without a secret of its own it is answered with the certificate of the gateway.
    tls = {"tls": [{"hosts": [route.host]}]} if door.tls else {}
    return {"ingressClassName": door.name, "rules": [{"host": route.host, "http": {"paths": paths}}], **tls}


def _annotations(route: Route) -> dict[str, str]:
    about = {
        "proxy-read-timeout": str(route.timeout),
        "proxy-send-timeout": str(route.timeout),
        # Tensors are larger than the forms that NGINX has in mind.
        "proxy-body-size": "0",
        **({"use-regex": "true"} if any(way.whole for way in route.ways) else {}),
    }
    return {f"{_ANNOTATION}/{name}": value for name, value in about.items()}
