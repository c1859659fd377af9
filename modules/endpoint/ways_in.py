"""Ways in: the names under which an endpoint is reached from outside of the cluster, through which load balancers.

Only what answers requests is let through: Triton's calls that load models, share memory or change logs are not (Triton
user guide, "HTTP/REST and GRPC Protocol", 26.08, November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from mlinfra.library import Problem, Scope
from mlinfra.library.codes import Code
from mlinfra.library.outputs import Exposure, LoadBalancer
from mlinfra.library.own_targets import gates_of
from mlinfra.library.route import Route, Way, add_route

from .pods import GRPC_CALLS, PORTS, Server
from .waking import HELD_SECONDS, THROUGH

_OF_A_MODEL = r"/v2/models/[^/]+(/versions/[^/]+)?(/(ready|config|stats|infer|generate|generate_stream))?"
_READY = "/v2/health/ready"
_WAYS = (
    Way(_OF_A_MODEL, PORTS["http"], whole=True, health=_READY),
    Way("/v2/health/(live|ready)", PORTS["http"], whole=True, health=_READY),
    Way(f"{GRPC_CALLS}Model", PORTS["grpc"], grpc=True, health=f"{GRPC_CALLS}ServerReady"),
    Way(f"{GRPC_CALLS}Server", PORTS["grpc"], grpc=True, health=f"{GRPC_CALLS}ServerReady"),
)


def ways_in(chosen: tuple[str, ...] | None, balancers: tuple[LoadBalancer, ...]) -> tuple[LoadBalancer, ...]:
    """The load balancers that it is reached through: those that were chosen, else every one with names to give."""
    if chosen is None:
        return tuple(one for one in balancers if one.domain and one.takes_routes)
    return tuple(one for one in balancers if _name(one) in chosen)


def way_in_problems(chosen: tuple[str, ...] | None, balancers: tuple[LoadBalancer, ...]) -> Iterator[Problem]:
    """Load balancers that are not there, that have no names to give, or that nothing here registers services with."""
    known = {_name(one): one for one in balancers}
    for index, name in enumerate(chosen or ()):
        at = ("loadBalancers", index)
        if name not in known:
            hint = f"there is {', '.join(sorted(known))}" if known else "add the section loadBalancers"
            yield Problem(Code.ENDPOINT_WAY_IN, f"the stack has no load balancer {name}", at=at, hint=hint)
        elif not known[name].domain:
            hint = f"give it one: loadBalancers.{name}.domain"
            summary = f"the load balancer {name} has no domain of which the endpoint could get a name"
            yield Problem(Code.ENDPOINT_WAY_IN, summary, at=at, hint=hint)
        elif not known[name].takes_routes:
            hint = f"set loadBalancers.{name}.gateway"
            summary = f"the load balancer {name} has no gateway that could hand requests on"
            yield Problem(Code.ENDPOINT_WAY_IN, summary, at=at, hint=hint)


def add_ways_in(
    scope: Scope, server: Server, balancers: tuple[LoadBalancer, ...], shares: dict[str, int]
) -> tuple[Exposure, ...]:
    """Add a route for each. shares: of services that get so many of a hundred requests each."""
    exposed: list[Exposure] = []
    for host, balancer in zip(hosts_outside(server.called, balancers), balancers, strict=True):
        route = Route(
            host=host,
            service=server.called,
            namespace=server.serving.namespace,
            ways=_WAYS,
            # Whoever waits for a replica to start is not given up before that has failed.
            timeout=HELD_SECONDS + 30 if server.sleeps else 60,
            shares=shares,
            through=THROUGH if server.sleeps else None,
        )
        exposed += add_route(scope, f"route.{_name(balancer)}", balancer, route)
    return tuple(exposed)


def with_gates(server: Server, balancers: tuple[LoadBalancer, ...]) -> Server:
    """The server, whose pods wait until each load balancer that sends to them itself has found them well."""
    gates = [
        gate
        for balancer in balancers
        if balancer.door is None
        for gate in gates_of(server.name, balancer, grpc=balancer.tls)
    ]
    return msgspec.structs.replace(server, gates=tuple(gates))


def hosts_outside(called: str, balancers: tuple[LoadBalancer, ...]) -> list[str]:
    """The names that an endpoint has outside of the cluster."""
    return [f"{called}.{balancer.domain}" for balancer in balancers]


def _name(balancer: LoadBalancer) -> str:
    return balancer.address.parts[-1]
