"""Model servers with Triton, from manifests of our own: what `endpoints` with `runtime: triton` run on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.library import Block, Place, Problem, Scope, Wish
from mlinfra.library.codes import Code
from mlinfra.library.contract import Contract, Namespace, Teardown
from mlinfra.library.forms import Domain
from mlinfra.library.in_cluster import SERVING
from mlinfra.library.outputs import Cluster, ModelServing, Service

SECTION = Place("runtimes", entry="triton")
NEEDS = (Cluster, ModelServing)
USES = ("model-serving", "prometheus", "keda", "metrics-server")
Outputs = Service
CONTRACT = Contract(
    namespaces=(Namespace(name=SERVING, made=False),),
    dashboards=("endpoints",),
    teardown=Teardown(recipe="Its endpoints, then what they share."),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Model servers with Triton."""

    version: Annotated[
        str,
        Meta(
            description="release of the server, such as 25.09, or 25.09@sha256:... for that very image; empty: ours",
            pattern=r"^([0-9]{2}\.[0-9]{2}(@sha256:[0-9a-f]{64})?)?$",
            examples=["25.09"],
        ),
    ] = ""
    domain: Annotated[Domain, Meta(description="its domain name; empty: reached from within the cluster alone")] = ""


def wishes(inputs: Inputs, facts: Facts) -> Iterator[Wish]:
    """What endpoints run on, with the server's version; what measures them, and what scales them by it."""
    yield Wish("model-serving", {"tritonVersion": inputs.version} if inputs.version else {})
    yield from (Wish("prometheus"), Wish("keda"), Wish("metrics-server"))


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Nothing but what it wishes for: each endpoint makes its own servers."""
    if inputs.domain:
        hint = "take domain out, and give a load balancer a domain: each endpoint is reached as NAME.DOMAIN"
        summary = "endpoints have the domain of their load balancers, and Triton none of its own"
        scope.refuse(Problem(Code.DOMAIN_OF_NOBODY, summary, at=("domain",), hint=hint))
    serving = scope.one(ModelServing)
    if not scope.stack.sections.get("endpoints"):
        because = "the stack has no endpoint that would run on it"
        scope.idle("version", because=because, hint="add one to endpoints, or take version out")
    return Service(url=f"http://NAME.{serving.namespace}.svc.cluster.local:8000")
