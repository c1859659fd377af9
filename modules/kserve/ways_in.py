"""The names of models outside of the cluster: KServe makes an ingress for each, which a gateway of NGINX takes.

A model is called NAME-NAMESPACE before the domain, so that the certificate of the load balancer reaches it.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.value import Properties
from mlinfra.library import Problem
from mlinfra.library.codes import Code
from mlinfra.library.outputs import LoadBalancer
from mlinfra.library.own_domain import domain_problems, way_to


def way_in_problems(domain: str, mode: str, balancers: tuple[LoadBalancer, ...]) -> Iterator[Problem]:
    """Why models could not have names below `domain`."""
    yield from domain_problems(domain, balancers)
    balancer = way_to(domain, balancers) if domain else None
    if balancer is None:
        return
    if mode == "serverless":
        hint = "take domain out: models are reached from within the cluster; or take mode out"
        summary = "models that sleep cannot have names outside of the cluster yet"
        yield Problem(Code.NOT_PLANNED_YET, summary, at=("domain",), hint=hint)
    if domain != balancer.domain:
        summary = f"models get names below {domain}, further than the certificate of {balancer.domain} reaches"
        yield Problem(Code.DOMAIN_OF_NOBODY, summary, at=("domain",), hint=f"use {balancer.domain} itself")
    if balancer.gateway == "istio":
        hint = f"set {balancer.address}.gateway to nginx"
        summary = "KServe behind a gateway of Istio cannot be planned yet: it makes ingresses"
        yield Problem(Code.NOT_PLANNED_YET, summary, at=("domain",), hint=hint)


def ingresses(balancer: LoadBalancer | None) -> Properties:
    """What KServe is told of ingresses; without a load balancer, to make none."""
    if balancer is None or balancer.door is None:
        return {"disableIngressCreation": True}
    return {
        "domain": balancer.domain,
        "urlScheme": "https",
        "disableIngressCreation": False,
        "ingressGateway": {"className": balancer.door.name},
    }
