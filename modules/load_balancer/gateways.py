"""Gateways: on which ports their pods take what a load balancer hands on, and where they say that they are well."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from mlinfra.library import Problem
from mlinfra.library.codes import Code


class Gateway(msgspec.Struct, frozen=True):
    """The pods of one gateway.

    ports: by the name that target groups and listeners bear.
    health_port, health_path: where a pod answers 200 over HTTP once it takes requests.
    workload: what its deployment adds to the name of the release.
    """

    ports: dict[str, int]
    health_port: int
    health_path: str
    workload: str = ""


# Ports and probes of the charts: gateway of Istio 1.31 (its status port), ingress-nginx 4.15 (its health port),
# both of August 2026. Behind `alb` there is no gateway: the load balancer itself sends to the pods of each service.
GATEWAYS = {
    "istio": Gateway({"http": 80, "https": 443}, 15021, "/healthz/ready"),
    "nginx": Gateway({"http": 80, "https": 443}, 10254, "/healthz", "-controller"),
}


def gateway_problems(kind: str, gateway: str) -> Iterator[Problem]:
    """A gateway that the load balancer could not serve."""
    if gateway == "alb" and kind != "application":
        summary = "the gateway alb is an application load balancer, and this one is of type network"
        hint = "set type: application, or choose the gateway istio or nginx"
        yield Problem(Code.BALANCER_GATEWAY, summary, at=("gateway",), hint=hint)
