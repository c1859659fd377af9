"""A runtime's own name: how people and programs outside of the cluster reach it, through a load balancer of the stack.

For modules whose services ask who somebody is; `LoadBalancer` stands in their `NEEDS`. The name lies in the domain of a
load balancer, which has the certificate and says whose addresses may come.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from mlinfra.library.codes import Code
from mlinfra.library.contract import Contract, Entrance
from mlinfra.library.outputs import Exposure, LoadBalancer
from mlinfra.library.problem import Problem
from mlinfra.library.route import Route, add_route
from mlinfra.library.scope import Scope


def way_to(domain: str, balancers: tuple[LoadBalancer, ...]) -> LoadBalancer | None:
    """The load balancer whose domain that name lies in; of several the nearest."""
    found = [one for one in balancers if one.domain and (domain == one.domain or domain.endswith(f".{one.domain}"))]
    return max(found, key=lambda one: len(one.domain), default=None)


def domain_problems(domain: str, balancers: tuple[LoadBalancer, ...]) -> Iterator[Problem]:
    """Why it could not be reached under that name, or not safely."""
    if not domain:
        return
    balancer = way_to(domain, balancers)
    if balancer is None:
        there = ", ".join(f"{one.address} has {one.domain}" for one in balancers if one.domain)
        hint = there or "add a load balancer with a domain of which this is a name: loadBalancers.NAME.domain"
        summary = f"no load balancer of the stack has a domain that {domain} lies in"
        yield Problem(Code.DOMAIN_OF_NOBODY, summary, at=("domain",), hint=hint)
        return
    if domain.removesuffix(balancer.domain).count(".") > 1:
        summary = f"{domain} lies further below {balancer.domain} than its certificate reaches"
        yield Problem(Code.DOMAIN_OF_NOBODY, summary, at=("domain",), hint=f"use a name such as ml.{balancer.domain}")
    if not balancer.takes_routes:
        hint = f"set {balancer.address}.gateway"
        summary = f"{balancer.address} has no gateway that could hand requests for {domain} on"
        yield Problem(Code.DOMAIN_OF_NOBODY, summary, at=("domain",), hint=hint)
    if not balancer.tls:
        hint = f"give it a certificate: {balancer.address}.certificate"
        summary = f"passwords would pass {balancer.address} in the clear: it has no TLS"
        yield Problem(Code.DOMAIN_IN_THE_CLEAR, summary, at=("domain",), hint=hint)


def add_domain(scope: Scope, domain: str, balancers: tuple[LoadBalancer, ...], route: Route) -> tuple[Exposure, ...]:
    """Add the route for it; answers what the module's outputs hand on as `exposed`."""
    balancer = way_to(domain, balancers)
    assert balancer is not None
    return add_route(scope, f"route.{route.part}" if route.part else "route", balancer, route)


def opened(contract: Contract, domain: str, balancers: tuple[LoadBalancer, ...], ports: tuple[int, ...]) -> Contract:
    """The contract with its first namespace open to the load balancer, where that comes to pods on `ports` itself."""
    balancer = way_to(domain, balancers) if domain else None
    if balancer is None or balancer.door is not None:
        return contract
    first, *others = contract.namespaces
    let_in = (*(first.entrances or ()), Entrance("anybody", ports))
    return replace(contract, namespaces=(replace(first, entrances=let_in), *others))
