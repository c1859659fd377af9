"""An entrance to the cluster: a load balancer and the gateway behind it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.library import Block, Place
from mlinfra.library.forms import Cidr, Domain
from mlinfra.library.outputs import LoadBalancer

SECTION = Place("loadBalancers", many=True)
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
        Meta(description="ARN of the certificate in ACM; empty: no TLS here", pattern=r"^(arn:aws[a-z-]*:acm:.+)?$"),
    ] = ""
    domain: Annotated[Domain, Meta(description="its domain name, of which the services get names below")] = ""
    gateway: Annotated[
        Literal["istio", "nginx", "alb"], Meta(description="what hands requests on within the cluster")
    ] = "istio"
