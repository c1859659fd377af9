"""Pods more or fewer by any measure, by KEDA: requests in flight, lengths of queues, what Prometheus knows."""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.library import Block, Place, Scope
from mlinfra.library.addon import add_addon
from mlinfra.library.contract import Chart, Contract, Definition, Entrance, Namespace, Rival, Teardown, Workload
from mlinfra.library.outputs import Cluster, Component, NodeGroup

SECTION = Place("components", entry="keda")
NEEDS = (Cluster, NodeGroup)
Outputs = Component
_V1 = ("v1alpha1",)

_BOTH_SERVE = "both serve v1beta1.external.metrics.k8s.io, of which a cluster has one server"

CONTRACT = Contract(
    charts=(
        Chart(
            name="keda",
            version="2.20.2",
            digest="sha256:db60b1fa60f0565fefa4ce2f87e855b6a8854363ee82962fbe28a12a70d64c4c",
            repository="https://kedacore.github.io/charts",
            app_version="2.20.2",
            source="https://github.com/kedacore/charts/tree/1444d00d90d7668cf7f53f270777d039371d90d0",
            looked_up="2026-08-13",
        ),
    ),
    # Its webhooks, and the metrics that it serves as an API.
    namespaces=(Namespace(name="keda", entrances=(Entrance("control-plane", (9443, 6443)),)),),
    crds=(
        Definition("cloudeventsources.eventing.keda.sh", "CloudEventSource", _V1),
        Definition("clustercloudeventsources.eventing.keda.sh", "ClusterCloudEventSource", _V1, namespaced=False),
        Definition("clustertriggerauthentications.keda.sh", "ClusterTriggerAuthentication", _V1, namespaced=False),
        Definition("scaledjobs.keda.sh", "ScaledJob", _V1),
        Definition("scaledobjects.keda.sh", "ScaledObject", _V1),
        Definition("triggerauthentications.keda.sh", "TriggerAuthentication", _V1),
    ),
    apis=("v1beta1.external.metrics.k8s.io",),
    workloads=(
        Workload("Deployment", "keda", "keda-operator"),
        Workload("Deployment", "keda", "keda-operator-metrics-apiserver"),
        Workload("Deployment", "keda", "keda-admission-webhooks"),
    ),
    rivals=(
        Rival("prometheus-adapter", _BOTH_SERVE),
        Rival("prometheus-adapter", _BOTH_SERVE, kind="chart", part="rules.external", by_default=False),
    ),
    teardown=Teardown(
        recipe="The release, then its namespace; workloads keep the number of pods that they have.",
        drain=("ScaledObject.keda.sh", "ScaledJob.keda.sh"),
    ),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Pods more or fewer by any measure."""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it: two operators, of which one works and the other waits."""
    values = {
        "operator": {"replicaCount": 2},
        "metricsServer": {"replicaCount": 2},
        "podDisruptionBudget": {"operator": {"minAvailable": 1}, "metricServer": {"minAvailable": 1}},
    }
    return Component(address=add_addon(scope, CONTRACT, facts, values).address)
