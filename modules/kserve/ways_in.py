"""The names of models outside of the cluster.

For plain deployments KServe makes an ingress for each, of the class that the gateway takes: NGINX its own, Istio one
that says that it is meant (KServe 0.20, hack/setup/infra/manage.istio-ingress-class.sh). Such an ingress names no
certificate, so that a gateway of Istio takes it in the clear alone, behind a load balancer that ends TLS (Istio 1.31,
pilot/pkg/config/kube/ingress/gateways.go). Models that sleep are services of Knative, and every name below the domain
goes to Kourier, which knows them, through whichever gateway. A model is called NAME-NAMESPACE before the domain, so
that the certificate of the load balancer reaches it; one that sleeps as Knative calls it, NAME-predictor-NAMESPACE
(KServe 0.20, pkg/controller/.../ingress/ingress_reconciler.go). Both of August 2026.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.value import Properties
from mlinfra.library import Problem, Scope
from mlinfra.library.codes import Code
from mlinfra.library.in_cluster import KOURIER_HOST, KOURIER_PORT
from mlinfra.library.outputs import Exposure, LoadBalancer
from mlinfra.library.own_domain import domain_problems, way_to
from mlinfra.library.route import Route, Through, add_route

from .contract import MODELS

ISTIO = "istio"
_CLASS = "kubernetes:networking.k8s.io/v1:IngressClass"
_KOURIER = "kourier"


def way_in_problems(domain: str, mode: str, balancers: tuple[LoadBalancer, ...]) -> Iterator[Problem]:
    """Why models could not have names below `domain`."""
    yield from domain_problems(domain, balancers)
    balancer = way_to(domain, balancers) if domain else None
    if balancer is None:
        return
    if domain != balancer.domain:
        summary = f"models get names below {domain}, further than the certificate of {balancer.domain} reaches"
        yield Problem(Code.DOMAIN_OF_NOBODY, summary, at=("domain",), hint=f"use {balancer.domain} itself")
    if mode == "serverless" and balancer.door is None:
        hint = f"set {balancer.address}.gateway to istio or nginx"
        summary = f"{balancer.address} sends to pods itself, and those of a model that sleeps are not there"
        yield Problem(Code.DOMAIN_OF_NOBODY, summary, at=("domain",), hint=hint)
    if mode == "raw":
        yield from _ingress_problems(balancer)


def _ingress_problems(balancer: LoadBalancer) -> Iterator[Problem]:
    if balancer.door is None:
        hint = f"set {balancer.address}.gateway to istio or nginx"
        summary = f"KServe makes an Ingress for each model, and {balancer.address} has no gateway that takes them"
        yield Problem(Code.DOMAIN_OF_NOBODY, summary, at=("domain",), hint=hint)
    elif balancer.gateway == ISTIO and balancer.door.tls:
        hint = f"add {balancer.address}.certificate, so that TLS ends there; or set its gateway to nginx"
        summary = "KServe's ingresses name no certificate, without which a gateway of Istio that ends TLS takes none"
        yield Problem(Code.DOMAIN_OF_NOBODY, summary, at=("domain",), hint=hint)


def add_names(scope: Scope, balancer: LoadBalancer) -> tuple[Exposure, ...]:
    """Lead whatever is called below the domain to Kourier; a name that is somebody's own goes there all the same."""
    metadata = {"name": _KOURIER, "namespace": MODELS}
    spec: Properties = {
        "type": "ExternalName",
        "externalName": KOURIER_HOST,
        "ports": [{"name": "http", "port": KOURIER_PORT, "targetPort": KOURIER_PORT}],
    }
    scope.add("names", "kubernetes:core/v1:Service", {"metadata": metadata, "spec": spec})
    # Whoever waits for a model to wake is not given up before a network load balancer would.
    route = Route(
        host=f"*.{balancer.domain}",
        service=_KOURIER,
        namespace=MODELS,
        timeout=330,
        through=Through(KOURIER_HOST, KOURIER_PORT),
    )
    return add_route(scope, "route", balancer, route)


def add_class(scope: Scope, balancer: LoadBalancer) -> str:
    """Add the class of ingresses that Istio takes, called as its gateway; answers that, which Istio is to be told.

    NGINX brings a class of its own.
    """
    if balancer.gateway != ISTIO or balancer.door is None:
        return ""
    name = balancer.door.name
    spec: Properties = {"controller": "istio.io/ingress-controller"}
    scope.add("ingress-class", _CLASS, {"metadata": {"name": name}, "spec": spec})
    return name


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
