"""A runtime's own name: how people and programs outside of the cluster reach it, through a load balancer of the stack.

For modules whose services ask who somebody is; `LoadBalancer` stands in their `NEEDS`. The name lies in the domain of a
load balancer, which has the certificate and says whose addresses may come; or it is another, and goes through the only
one whose certificate is the user's own, of which nobody here knows what it says.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from mlinfra.core.value import Properties
from mlinfra.library.codes import Code
from mlinfra.library.contract import Contract, Entrance
from mlinfra.library.outputs import Exposure, LoadBalancer
from mlinfra.library.problem import Problem
from mlinfra.library.route import Route, add_route
from mlinfra.library.scope import Scope


def way_to(domain: str, balancers: tuple[LoadBalancer, ...]) -> LoadBalancer | None:
    """The load balancer whose domain that name lies in, of several the nearest; else the only one it may be led to."""
    found = [one for one in balancers if _lies_in(domain, one)]
    other = [one for one in balancers if one.certified and one.takes_routes]
    nearest = max(found, key=lambda one: len(one.domain), default=None)
    return nearest or (other[0] if len(other) == 1 else None)


def _lies_in(domain: str, balancer: LoadBalancer) -> bool:
    return bool(balancer.domain) and (domain == balancer.domain or domain.endswith(f".{balancer.domain}"))


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
    if _lies_in(domain, balancer) and domain.removesuffix(balancer.domain).count(".") > 1:
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


def add_domain(scope: Scope, domain: str, balancers: tuple[LoadBalancer, ...], *routes: Route) -> tuple[Exposure, ...]:
    """Add the routes for it; answers what the module's outputs hand on as `exposed`."""
    balancer = way_to(domain, balancers)
    assert balancer is not None
    listener = "" if _lies_in(domain, balancer) else _let_in(scope, domain, balancer)
    exposed: tuple[Exposure, ...] = ()
    for route in routes:
        local_name = f"route.{route.part}" if route.part else "route"
        exposed += add_route(scope, local_name, balancer, replace(route, listener=listener))
    return exposed


def _let_in(scope: Scope, domain: str, balancer: LoadBalancer) -> str:
    """Have the load balancer's gateway take a name outside of its domain; answers the listener that does."""
    summary = f"{domain} lies outside of {balancer.domain or 'any domain'}, and is led to {balancer.address} by you"
    hint = f"see that its certificate is for {domain} too, and that the name leads to ${{{balancer.address}.dnsName}}"
    scope.note(Problem(Code.DOMAIN_ELSEWHERE, summary, at=("domain",), hint=hint))
    door = balancer.door
    if door is None or balancer.gateway != "istio" or not balancer.domain:
        return ""
    # Pods of one gateway take what all listeners that select them name.
    metadata = {"name": scope.name, "namespace": door.name, "labels": {"istio.io/rev": "default"}}
    server = {"port": {"number": door.port, "name": "http", "protocol": "HTTP"}, "hosts": [domain]}
    spec: Properties = {"selector": {"istio": door.name}, "servers": [server]}
    token = "kubernetes:networking.istio.io/v1:Gateway"
    scope.add("route.listener", token, {"metadata": metadata, "spec": spec}, depends_on=[door.address])
    return f"{door.name}/{scope.name}"


def opened(contract: Contract, domain: str, balancers: tuple[LoadBalancer, ...], ports: tuple[int, ...]) -> Contract:
    """The contract with its first namespace open to the load balancer, where that comes to pods on `ports` itself."""
    balancer = way_to(domain, balancers) if domain else None
    if balancer is None or balancer.door is not None:
        return contract
    first, *others = contract.namespaces
    let_in = (*(first.entrances or ()), Entrance("anybody", ports))
    return replace(contract, namespaces=(replace(first, entrances=let_in), *others))
