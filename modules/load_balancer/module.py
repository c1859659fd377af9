"""An entrance to the cluster: a load balancer and the gateway behind it.

The load balancer with its listeners, target groups and security group; the gateway's pods, bound to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Properties, Value
from mlinfra.library import Block, Check, Handle, Place, Problem, Scope, Wish
from mlinfra.library.codes import Code
from mlinfra.library.forms import Cidr, Domain
from mlinfra.library.outputs import Cluster, LoadBalancer, Network, NodeGroup, Service, TargetGroup

from .behind import Behind, add_door, ends_tls
from .contract import CONTRACT as CONTRACT
from .gateways import GATEWAYS, gateway_problems
from .guard import add_guard, lets_everybody, open_nodes, open_to_sign_in, range_problems
from .listeners import add_listeners, add_targets, listeners_of
from .names import add_names, name_problems
from .rules import add_rules

SECTION = Place("loadBalancers", many=True)
NEEDS = (Network, Cluster, NodeGroup)
USES = ("aws-load-balancer-controller", "metrics-server", "istio", "cert-manager", "external-dns")
Outputs = LoadBalancer


class Inputs(Block, frozen=True, kw_only=True):
    """An entrance to the cluster."""

    type: Annotated[
        Literal["network", "application"], Meta(description="what it balances: connections, or HTTP requests")
    ] = "network"
    scheme: Annotated[
        Literal["internal", "internet-facing"], Meta(description="who can reach it: the network, or the internet")
    ] = "internal"
    allowed_cidrs: Annotated[
        tuple[Cidr, ...],
        Meta(description="who may use it; empty: the network itself, nobody else"),
    ] = ()
    certificate: Annotated[
        str,
        Meta(
            description="ARN of the certificate in ACM; empty: no TLS here",
            pattern=r"^(arn:aws[a-z-]*:acm:.+)?$",
            examples=["arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"],
        ),
    ] = ""
    domain: Annotated[Domain, Meta(description="its domain name, of which the services get names below")] = ""
    zone: Annotated[
        str,
        Meta(
            description="identifier of the hosted zone in Route 53 that holds the domain; empty: no names are written",
            pattern=r"^[A-Z0-9]*$",
            examples=["Z0123456789ABCDEFGHIJ"],
        ),
    ] = ""
    gateway: Annotated[
        Literal["istio", "nginx", "alb"], Meta(description="what hands requests on within the cluster")
    ] = "istio"


CHECKS = (Check(gateway_problems, ("type", "gateway")), Check(name_problems, ("zone", "domain")))


def wishes(inputs: Inputs, facts: Facts) -> Iterator[Wish]:
    """What runs its gateway, brings its pods to the load balancer, and makes their certificate; what writes names."""
    if inputs.zone and inputs.domain:
        yield Wish("external-dns", {"zones": (inputs.zone,), "domains": (inputs.domain,)})
    yield Wish("aws-load-balancer-controller")
    if inputs.gateway == "alb":
        return
    yield Wish("metrics-server")
    if inputs.gateway == "istio":
        yield Wish("istio")
    if ends_tls(listeners_of(inputs.type, inputs.certificate)):
        yield Wish("cert-manager")


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Make the load balancer, and the gateway behind it."""
    network, cluster = scope.one(Network), scope.one(Cluster)
    subnets = network.public_subnet_ids if inputs.scheme == "internet-facing" else network.private_subnet_ids
    scope.settle(
        *range_problems(inputs.scheme, inputs.allowed_cidrs, network),
        *([] if subnets else [_nowhere(inputs.scheme)]),
    )
    listeners = listeners_of(inputs.type, inputs.certificate)
    ports = {name: one.port for name, one in listeners.items()}
    guard = add_guard(scope, network, ports, inputs.allowed_cidrs or (network.cidr,))
    balancer = scope.add("", "aws:lb/loadBalancer:LoadBalancer", _properties(inputs, guard, subnets))
    targets: dict[str, Handle] = {}
    if gateway := GATEWAYS.get(inputs.gateway):
        targets = add_targets(scope, inputs.type, network, gateway, listeners)
        open_nodes(scope, guard.id, cluster, [*(gateway.ports[name] for name in targets), gateway.health_port])
    http2 = inputs.gateway == "istio"
    made = add_listeners(scope, balancer, listeners, targets, inputs.certificate, speaks_http2=http2)
    if inputs.zone:
        add_names(scope, inputs.zone, inputs.domain, balancer)
    door = None
    if gateway:
        behind = Behind(inputs.gateway, gateway, inputs.domain, balancer["dnsName"], network.vpc_id)
        door = add_door(scope, behind, listeners, targets)
    return LoadBalancer(
        dns_name=balancer["dnsName"],
        zone_id=balancer["zoneId"],
        arn=balancer.arn,
        security_group_id=guard.id,
        listener_arn=next(iter(made.values())).arn,
        address=balancer.address,
        type=inputs.type,
        gateway=inputs.gateway,
        domain=inputs.domain,
        target_groups={name: TargetGroup(target.arn, target["arnSuffix"]) for name, target in targets.items()},
        arn_suffix=balancer["arnSuffix"],
        door=door,
        tls=bool(inputs.certificate) or (door is not None and door.tls),
        certified=bool(inputs.certificate),
        everybody=inputs.scheme == "internet-facing" and lets_everybody(inputs.allowed_cidrs),
        vpc_id=network.vpc_id,
    )


def finish(scope: Scope, inputs: Inputs, facts: Facts, outputs: Outputs) -> None:
    """Tell one that is its own gateway what services want of it, and let it reach their pods."""
    exposed = [one for service in scope.every(Service) for one in service.exposed if one.balancer == outputs.address]
    open_nodes(scope, outputs.security_group_id, scope.one(Cluster), sorted({one.port for one in exposed}))
    if any(one.sign_in is not None or one.tokens is not None for one in exposed):
        open_to_sign_in(scope, outputs.security_group_id)
    add_rules(scope, outputs.listener_arn, exposed)


def _properties(inputs: Inputs, guard: Handle, subnets: Value) -> Properties:
    properties: Properties = {
        "loadBalancerType": inputs.type,
        "internal": inputs.scheme == "internal",
        "securityGroups": [guard.id],
        "subnets": list(subnets),
    }
    if inputs.type == "application":
        # A request may wait for a model that sleeps, longer than the minute that is the default.
        return {**properties, "dropInvalidHeaderFields": True, "idleTimeout": 360}
    # A gateway has few pods, and a zone may be without one.
    return {**properties, "enableCrossZoneLoadBalancing": True}


def _nowhere(scheme: str) -> Problem:
    if scheme == "internal":
        return Problem(Code.BALANCER_SUBNETS, "the network has no private subnets", hint="use scheme: internet-facing")
    hint = "name the network's public subnets in network.use.publicSubnetIds, or use scheme: internal"
    return Problem(Code.BALANCER_SUBNETS, "the network has no public subnets", at=("scheme",), hint=hint)
