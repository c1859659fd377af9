"""Waking: who takes the requests for an endpoint whose replicas are none while nobody asks.

The name that requests call is then one of KEDA's HTTP add-on, which holds them until a replica is ready. Names and
fields: http-add-on 0.15, operator/apis/http/v1beta1, interceptor/handler (June 2026): a route has one port behind it,
is chosen by host and path, and speaks HTTP/2 where the port of the service says `kubernetes.io/h2c`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mlinfra.core.address import Address
from mlinfra.core.value import Properties
from mlinfra.library import Handle, Problem, Scope
from mlinfra.library.codes import Code
from mlinfra.library.in_cluster import WAKING_HOST, WAKING_PORT
from mlinfra.library.outputs import LoadBalancer, NodeGroup
from mlinfra.library.route import Through

from .pods import GRPC_CALLS, PORTS, Server

# How long replicas stay once nobody asks any more.
AWAKE_SECONDS = 300
# How long a request is held. A network load balancer forgets a connection on which nothing moved for 350 seconds (its
# user guide, "Connection idle timeout", November 2026).
HELD_SECONDS = 300
THROUGH = Through(WAKING_HOST, WAKING_PORT)
_ROUTE = "kubernetes:http.keda.sh/v1beta1:InterceptorRoute"


def waking_problems(shared: bool, balancers: tuple[LoadBalancer, ...]) -> Iterator[Problem]:
    """Ways in on which nobody would be woken. balancers: those that it is reached through."""
    if shared:
        hint = "set replicas.min to 1 and take scaleToZero out, or keep one model"
        summary = (
            "models that share requests cannot sleep: what wakes them does not know which of them a request is for"
        )
        yield Problem(Code.ENDPOINT_REPLICAS, summary, at=("traffic",), hint=hint)
    for balancer in balancers:
        if balancer.door is None:
            hint = f"set {balancer.address}.gateway to istio or nginx, or replicas.min to 1"
            summary = f"{balancer.address} sends requests to pods itself, and would find none while they sleep"
            yield Problem(Code.ENDPOINT_REPLICAS, summary, at=("replicas",), hint=hint)


def cold_start(hosts: tuple[NodeGroup, ...]) -> Problem:
    """What a reviewer should know of it."""
    empty = [group.key for group in hosts if not group.minimum]
    node = f"a node of {' or '.join(empty)}, where there is none, " if empty else ""
    minutes = f"{HELD_SECONDS // 60} minutes"
    return Problem(
        Code.ENDPOINT_SLEEPS,
        f"nobody answers at once after {AWAKE_SECONDS // 60} minutes without requests: the first one starts replicas",
        detail=f"it waits for {node}a pod, the image and the model, for {minutes} at most; then it fails with 504",
        hint="to have one awake always, set replicas.min to 1 and take scaleToZero out",
        at=("replicas",),
    )


def waking_routes(server: Server) -> tuple[str, str]:
    """The names of its routes: for HTTP, and for gRPC."""
    return server.name, f"{server.name}-grpc"


def add_waking(scope: Scope, server: Server, hosts: Iterable[str], *, after: Iterable[Address]) -> list[Handle]:
    """Add its name within the cluster, which is that of who wakes it, and its routes. hosts: its names outside."""
    names = [*_names(server), *hosts]
    alias: Properties = {
        "type": "ExternalName",
        "externalName": WAKING_HOST,
        "ports": [{"name": "http", "port": WAKING_PORT, "targetPort": WAKING_PORT}],
    }
    scope.add(server.local("service"), "kubernetes:core/v1:Service", {"metadata": server.metadata, "spec": alias})
    http, grpc = waking_routes(server)
    rules: Properties = {http: {"hosts": names}, grpc: {"hosts": names, "paths": [{"value": GRPC_CALLS}]}}
    before = list(after)
    return [
        scope.add(
            server.local(f"waking.{port}"),
            _ROUTE,
            {"metadata": {**server.metadata, "name": name}, "spec": _spec(server, port, rules[name])},
            depends_on=before,
        )
        for port, name in (("http", http), ("grpc", grpc))
    ]


def _spec(server: Server, port: str, rule: Properties) -> Properties:
    return {
        "target": {"service": server.pods_service, "port": PORTS[port]},
        "rules": [rule],
        "scalingMetric": {"concurrency": {"targetValue": server.in_flight}},
        "timeouts": {"readiness": f"{HELD_SECONDS}s"},
    }


def _names(server: Server) -> list[str]:
    """As other pods may call it."""
    parts = [server.called, server.serving.namespace, "svc", "cluster", "local"]
    return [".".join(parts[:count]) for count in (1, 2, 3, 5)]
