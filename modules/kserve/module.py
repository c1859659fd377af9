"""Serving with KServe: models as Kubernetes objects, scaled on requests."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Properties, Value
from mlinfra.library import Block, Place, Problem, Scope
from mlinfra.library.addon import add_addon, add_release, component
from mlinfra.library.bucket import add_bucket
from mlinfra.library.codes import Code
from mlinfra.library.forms import Domain
from mlinfra.library.outputs import Cluster, NodeGroup, Service

from .contract import CONTRACT, MODELS

SECTION = Place("runtimes", entry="kserve")
NEEDS = (Cluster, NodeGroup)
USES = ("cert-manager", "keda", "metrics-server")


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


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it, with the servers that it knows, and a bucket whose models they may read."""
    if problems := _problems(inputs):
        scope.refuse(*problems)
    models = add_bucket(scope, "models")
    # One after the other: the program's webhook looks at the servers that the last chart declares.
    needed = [component(name) for name in ("cert-manager", "keda")]
    names = {"bucket": models.arn}
    release = add_addon(scope, CONTRACT, facts, {"kserve": _settings(facts)}, names=names, after=needed)
    (servers,) = CONTRACT.extras
    add_release(scope, "servers", servers, CONTRACT, {"kserve": {"servingruntime": {"enabled": True}}}, [release])
    url = f"http://NAME-predictor.{MODELS}.svc.cluster.local"
    return Outputs(url=url, namespace=MODELS, bucket=models["bucket"])


def _settings(facts: Facts) -> Properties:
    return {
        "controller": {"deploymentMode": "Standard", "gateway": {"disableIngressCreation": True}},
        "storage": {"s3": {"region": facts.region}},
    }


def _problems(inputs: Inputs) -> list[Problem]:
    problems = []
    if inputs.mode == "serverless":
        hint = "take mode out: plain deployments scale on requests in flight, down to one replica"
        summary = "KServe on Knative cannot be planned yet"
        problems.append(Problem(Code.NOT_PLANNED_YET, summary, at=("mode",), hint=hint))
    if inputs.domain:
        hint = "take domain out: models are reached from within the cluster"
        summary = "KServe under a domain of its own cannot be planned yet"
        problems.append(Problem(Code.NOT_PLANNED_YET, summary, at=("domain",), hint=hint))
    return problems
