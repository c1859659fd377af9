"""Serving with KServe: models as Kubernetes objects, scaled on requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Properties, Value
from mlinfra.library import Block, Place, Scope, Wish
from mlinfra.library.addon import add_addon, add_release, component
from mlinfra.library.bucket import add_bucket
from mlinfra.library.forms import Domain
from mlinfra.library.outputs import Cluster, Exposure, LoadBalancer, NodeGroup, Service
from mlinfra.library.own_domain import way_to

from .contract import CONTRACT, MODELS
from .ways_in import add_class, add_names, ingresses, way_in_problems

SECTION = Place("runtimes", entry="kserve")
NEEDS = (Cluster, NodeGroup, LoadBalancer)
USES = ("cert-manager", "keda", "metrics-server", "knative")


class Outputs(Service, frozen=True, kw_only=True, rename="camel"):
    """Where models answer, and where they are put."""

    namespace: Annotated[Value, Meta(description="namespace in which models are declared")]
    bucket: Annotated[Value, Meta(description="bucket that they are read from")]


class Inputs(Block, frozen=True, kw_only=True):
    """Serving with KServe."""

    mode: Annotated[
        Literal["raw", "serverless"], Meta(description="plain deployments, or Knative, which scales to zero")
    ] = "raw"
    domain: Annotated[Domain, Meta(description="its domain name; empty: reached from within the cluster alone")] = ""


def wishes(inputs: Inputs, facts: Facts) -> Iterator[Wish]:
    """What makes its certificates, and what makes models more or fewer."""
    yield Wish("cert-manager")
    if inputs.mode == "serverless":
        yield Wish("knative", {"domain": inputs.domain} if inputs.domain else {})
    else:
        yield from (Wish("keda"), Wish("metrics-server"))


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it, with the servers that it knows, and a bucket whose models they may read."""
    balancers = scope.every(LoadBalancer)
    scope.settle(*way_in_problems(inputs.domain, inputs.mode, balancers))
    way_in = way_to(inputs.domain, balancers) if inputs.domain else None
    models = add_bucket(scope, "models")
    # One after the other: the program's webhook looks at the servers that the last chart declares.
    serverless = inputs.mode == "serverless"
    needed = [component("cert-manager"), component("knative").child("serving") if serverless else component("keda")]
    needed += [way_in.door.address] if way_in is not None and way_in.door is not None else []
    names = {"bucket": models.arn}
    release = add_addon(
        scope, CONTRACT, facts, {"kserve": _settings(facts, inputs.mode, way_in)}, names=names, after=needed
    )
    (servers,) = CONTRACT.extras
    add_release(scope, "servers", servers, CONTRACT, {"kserve": {"servingruntime": {"enabled": True}}}, [release])
    url = f"http://NAME-predictor.{MODELS}.svc.cluster.local"
    exposed: tuple[Exposure, ...] = ()
    if inputs.domain:
        url = f"https://NAME-{'predictor-' if serverless else ''}{MODELS}.{inputs.domain}"
    taken_by = ""
    if serverless and way_in is not None:
        exposed = add_names(scope, way_in)
    elif way_in is not None:
        taken_by = add_class(scope, way_in)
    return Outputs(url=url, exposed=exposed, ingresses=taken_by, namespace=MODELS, bucket=models["bucket"])


def _settings(facts: Facts, mode: str, way_in: LoadBalancer | None) -> Properties:
    if mode == "serverless":
        # Behind Kourier there is no virtual host of Istio to make.
        gateway: Properties = {"domain": "svc.cluster.local", "disableIstioVirtualHost": True}
        if way_in is not None:
            gateway |= {"domain": way_in.domain, "urlScheme": "https"}
        controller = {"deploymentMode": "Knative", "gateway": gateway}
    else:
        controller = {"deploymentMode": "Standard", "gateway": ingresses(way_in)}
    return {"controller": controller, "storage": {"s3": {"region": facts.region}}}
