"""Requests for what sleeps, by KEDA's HTTP add-on: they are held until pods are there, counted, and handed on.

Templates and values of the chart at the commit in its contract, and the add-on's own source of June 2026: one route
(`InterceptorRoute`) for each service that sleeps, and a `ScaledObject` whose trigger asks the add-on how many requests
there are. Whoever wants something woken sends its requests to `PROXY`, under a name that a route of that service has.
"""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.library import Block, Place, Scope
from mlinfra.library.addon import add_addon, component
from mlinfra.library.contract import Chart, Contract, Definition, Entrance, Namespace, Teardown, Workload
from mlinfra.library.in_cluster import WAKING, WAKING_PORT, WAKING_SCALER_PORT
from mlinfra.library.outputs import Cluster, Component, NodeGroup
from mlinfra.library.pod_security import CONTAINER, POD

SECTION = Place("components", entry="keda-http")
NEEDS = (Cluster, NodeGroup)
USES = ("keda",)
Outputs = Component

_NAME = "keda-add-ons-http"
CONTRACT = Contract(
    charts=(
        Chart(
            name=_NAME,
            version="0.15.0",
            # docs/index.yaml of the same source.
            digest="sha256:dddb21bd400877ce0d474e4a51e890bc257d6c8c73b56ccd8ec4f7a7590e2001",
            repository="https://kedacore.github.io/charts",
            app_version="0.15.0",
            source="https://github.com/kedacore/charts/tree/1444d00d90d7668cf7f53f270777d039371d90d0",
            looked_up="2026-08-13",
        ),
    ),
    # Requests come from gateways and from other pods; KEDA asks how many there are.
    namespaces=(Namespace(name=WAKING, entrances=(Entrance("pods", (WAKING_PORT, WAKING_SCALER_PORT)),)),),
    crds=(
        Definition("httpscaledobjects.http.keda.sh", "HTTPScaledObject", ("v1alpha1",)),
        Definition("interceptorroutes.http.keda.sh", "InterceptorRoute", ("v1beta1",)),
    ),
    workloads=(
        Workload("Deployment", WAKING, f"{_NAME}-controller-manager"),
        Workload("Deployment", WAKING, f"{_NAME}-external-scaler"),
        Workload("Deployment", WAKING, f"{_NAME}-interceptor"),
    ),
    teardown=Teardown(
        recipe="What it wakes, then the release, while KEDA still scales it, then its namespace.",
        drain=("InterceptorRoute.http.keda.sh", "HTTPScaledObject.http.keda.sh"),
    ),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Requests for what sleeps."""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it: two at least of what requests go through, and more by how many they are."""
    values = {
        "interceptor": {
            # The port of the endpoints themselves, so that one that sleeps is called as any other.
            "proxy": {"port": WAKING_PORT},
            "replicas": {"min": 2, "max": 20},
            # Tensors are larger than what its makers had in mind.
            "resources": {"requests": {"cpu": "250m", "memory": "128Mi"}, "limits": {"cpu": "2", "memory": "1Gi"}},
            "pullPolicy": "IfNotPresent",
        },
        "scaler": {
            "replicas": 2,
            "grpcPort": WAKING_SCALER_PORT,
            "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}},
            "pullPolicy": "IfNotPresent",
        },
        "operator": {"pullPolicy": "IfNotPresent"},
        # Its images name no user (`.ko.yaml` of the add-on, June 2026): the one of the chart's own notes.
        "podSecurityContext": {
            **POD,
            "runAsUser": 1000,
            "runAsGroup": 1000,
            "fsGroup": 1000,
            "supplementalGroups": [1000],
        },
        "securityContext": {**CONTAINER, "privileged": False},
    }
    release = add_addon(scope, CONTRACT, facts, values, after=[component("keda")])
    return Component(address=release.address)
