"""Services that come and go with their requests, by Knative: its operator, what that runs, and Kourier before them.

What the operator makes (its controllers, the definitions of services, the gateway Kourier in `kourier-system`) is its
own: it is waited for by the condition of `KnativeServing`, and goes with that.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Properties
from mlinfra.library import Block, Place, Scope
from mlinfra.library.addon import add_addon
from mlinfra.library.contract import Chart, Contract, Definition, Entrance, Namespace, Teardown, Workload
from mlinfra.library.forms import Domain
from mlinfra.library.outputs import Cluster, Component, NodeGroup

SECTION = Place("components", entry="knative")
NEEDS = (Cluster, NodeGroup)
Outputs = Component

_NAME = "knative-operator"
_SERVING = "knative-serving"
# The newest that this operator brings along (cmd/operator/kodata of the same source).
_VERSION = "1.21.3"
# One level below the domain, as far as a certificate for `*.DOMAIN` reaches; TLS ends before Kourier.
_NAMES = {"domain-template": "{{.Name}}-{{.Namespace}}.{{.Domain}}", "default-external-scheme": "https"}
_INGRESS = "kourier.ingress.networking.knative.dev"

CONTRACT = Contract(
    charts=(
        # Of the series that KServe is tested with (kserve-deps.env of its source); stamped at release.
        Chart(
            name=_NAME,
            version="v1.21.4",
            digest="sha256:4d339c1388eac924e08ddf2dfe940a11f9303251350e484ed1c622c301355195",
            repository="https://knative.github.io/operator",
            app_version="1.21.4",
            source="https://github.com/knative/operator/tree/79c589b4614954ea0cb9df5b94aa7286b9919968",
            looked_up="2026-11-24",
        ),
    ),
    namespaces=(
        Namespace(name=_NAME, entrances=(Entrance("control-plane", (8443,)),)),
        # Requests for what sleeps, its webhook, and where its gateway asks for routes.
        Namespace(
            name=_SERVING,
            entrances=(Entrance("pods", (8012, 8013, 8080, 18000)), Entrance("control-plane", (8443,))),
        ),
    ),
    crds=(
        Definition("knativeeventings.operator.knative.dev", "KnativeEventing", ("v1beta1",)),
        Definition("knativeservings.operator.knative.dev", "KnativeServing", ("v1beta1",)),
    ),
    workloads=(Workload("Deployment", _NAME, _NAME), Workload("Deployment", _NAME, "operator-webhook")),
    teardown=Teardown(
        recipe="Its services, then what the operator made, while it still runs, then the operator and the namespaces.",
        drain=("Service.serving.knative.dev", "KnativeServing.operator.knative.dev"),
        keeps=("the namespace of its gateway, kourier-system, which goes with the cluster",),
    ),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Services that come and go with their requests."""

    domain: Annotated[
        Domain,
        Meta(description="of which services get names, NAME-NAMESPACE before it; empty: within the cluster alone"),
    ] = ""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install the operator, and have it run Knative Serving behind Kourier."""
    secured: Properties = {"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}
    values: Properties = {"knative_operator": {"knative_operator": secured, "operator_webhook": secured}}
    operator = add_addon(scope, CONTRACT, facts, values)
    serving = scope.add(
        "serving",
        "kubernetes:operator.knative.dev/v1beta1:KnativeServing",
        {"metadata": {"name": _SERVING, "namespace": _SERVING}, "spec": _spec(inputs.domain)},
        depends_on=[operator],
    )
    return Component(address=serving.address)


def _spec(domain: str) -> Properties:
    enabled = "enabled"
    return {
        "version": _VERSION,
        "high-availability": {"replicas": 2},
        # Reached from within the cluster: a service of its own kind would be a load balancer of its own.
        "ingress": {"kourier": {"enabled": True, "service-type": "ClusterIP"}},
        "config": {
            "network": {"ingress-class": _INGRESS, **(_NAMES if domain else {})},
            "domain": {domain or "svc.cluster.local": ""},
            # What is large is placed on the nodes that are made for it, GPUs above all.
            "features": {
                "kubernetes.podspec-affinity": enabled,
                "kubernetes.podspec-nodeselector": enabled,
                "kubernetes.podspec-tolerations": enabled,
            },
            # Loading a model takes a while.
            "deployment": {"progress-deadline": "1800s"},
        },
    }
