"""The metrics API of the cluster: what pods and nodes use, for autoscalers and `kubectl top`."""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.library import Block, Place, Scope
from mlinfra.library.addon import add_addon
from mlinfra.library.contract import Chart, Contract, Entrance, Namespace, Rival, Teardown, Workload
from mlinfra.library.outputs import Cluster, Component, NodeGroup
from mlinfra.library.pod_security import POD

SECTION = Place("components", entry="metrics-server")
NEEDS = (Cluster, NodeGroup)
Outputs = Component
_BOTH_SERVE = "both serve v1beta1.metrics.k8s.io, of which a cluster has one server"

CONTRACT = Contract(
    charts=(
        Chart(
            name="metrics-server",
            version="3.13.1",
            digest="sha256:084e6edb680cf4e2acc30bd496568c53fdf663cbacf6e17876b25785c35b7a13",
            repository="https://kubernetes-sigs.github.io/metrics-server",
            app_version="0.8.1",
            source="https://github.com/kubernetes-sigs/metrics-server/tree/5ed5d3a2cf940a8c7541cfbac19af822f4c97844",
            looked_up="2026-08-04",
        ),
    ),
    namespaces=(Namespace(name="metrics-server", entrances=(Entrance("control-plane", (10250,)),)),),
    apis=("v1beta1.metrics.k8s.io",),
    workloads=(Workload("Deployment", "metrics-server", "metrics-server"),),
    rivals=(
        Rival("metrics-server", _BOTH_SERVE, kind="addon"),
        Rival("prometheus-adapter", _BOTH_SERVE, kind="chart", part="rules.resource", by_default=False),
    ),
    teardown=Teardown(recipe="The release, then its namespace; autoscalers stand still from then on."),
)


class Inputs(Block, frozen=True, kw_only=True):
    """The metrics API."""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it: two replicas, one of which may be moved at a time."""
    values = {
        "replicas": 2,
        "podDisruptionBudget": {"enabled": True, "minAvailable": 1},
        "podSecurityContext": POD,
    }
    return Component(address=add_addon(scope, CONTRACT, facts, values).address)
