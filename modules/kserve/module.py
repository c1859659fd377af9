"""Serving with KServe: models as Kubernetes objects, scaled on requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Properties, Value
from mlinfra.library import Block, Place, Problem, Scope, Wish
from mlinfra.library.addon import add_addon, add_release, component
from mlinfra.library.bucket import add_bucket
from mlinfra.library.codes import Code
from mlinfra.library.forms import Domain
from mlinfra.library.outputs import Cluster, NodeGroup, Service

from .contract import CONTRACT, MODELS

SECTION = Place("runtimes", entry="kserve")
NEEDS = (Cluster, NodeGroup)
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
    names = ("knative",) if inputs.mode == "serverless" else ("keda", "metrics-server")
    yield from (Wish(name) for name in ("cert-manager", *names))


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it, with the servers that it knows, and a bucket whose models they may read."""
    if problems := _problems(inputs):
        scope.refuse(*problems)
    models = add_bucket(scope, "models")
    # One after the other: the program's webhook looks at the servers that the last chart declares.
    serverless = inputs.mode == "serverless"
    needed = [component("cert-manager"), component("knative").child("serving") if serverless else component("keda")]
    names = {"bucket": models.arn}
    release = add_addon(scope, CONTRACT, facts, {"kserve": _settings(facts, inputs.mode)}, names=names, after=needed)
    (servers,) = CONTRACT.extras
    add_release(scope, "servers", servers, CONTRACT, {"kserve": {"servingruntime": {"enabled": True}}}, [release])
    url = f"http://NAME-predictor.{MODELS}.svc.cluster.local"
    return Outputs(url=url, namespace=MODELS, bucket=models["bucket"])


def _settings(facts: Facts, mode: str) -> Properties:
    if mode == "serverless":
        # Behind Kourier there is no virtual host of Istio to make.
        gateway = {"domain": "svc.cluster.local", "disableIstioVirtualHost": True}
        controller = {"deploymentMode": "Knative", "gateway": gateway}
    else:
        controller = {"deploymentMode": "Standard", "gateway": {"disableIngressCreation": True}}
    return {"controller": controller, "storage": {"s3": {"region": facts.region}}}


def _problems(inputs: Inputs) -> list[Problem]:
    problems = []
    if inputs.domain:
        hint = "take domain out: models are reached from within the cluster"
        summary = "KServe under a domain of its own cannot be planned yet"
        problems.append(Problem(Code.NOT_PLANNED_YET, summary, at=("domain",), hint=hint))
    return problems
