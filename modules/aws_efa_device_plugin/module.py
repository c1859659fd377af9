"""Elastic Fabric Adapters as something that pods ask for: `vpc.amazonaws.com/efa`."""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.library import Block, Place, Scope
from mlinfra.library.addon import add_addon
from mlinfra.library.contract import Chart, Contract, Namespace, Rival, Teardown, Workload
from mlinfra.library.node_labels import EFA
from mlinfra.library.outputs import Cluster, Component, NodeGroup

SECTION = Place("components", entry="aws-efa-device-plugin")
NEEDS = (Cluster, NodeGroup)
Outputs = Component

_NAMESPACE = "aws-efa-device-plugin"
_CHART = "aws-efa-k8s-device-plugin"

CONTRACT = Contract(
    charts=(
        Chart(
            name=_CHART,
            version="v0.5.30",
            digest="sha256:43b3d666f81a40b7f7ac88ee04a64954abaaa061b1e5f54dc7ce4beb3374e32a",
            repository="https://aws.github.io/eks-charts",
            app_version="v0.5.20",
            source="https://github.com/aws/eks-charts/tree/5239609242f3430be50fb0b714a24d3ef2b47983",
            looked_up="2026-08-03",
        ),
    ),
    namespaces=(
        Namespace(
            name=_NAMESPACE,
            level="privileged",
            because="it looks at the node's devices, and talks to the kubelet through a folder of the node",
            entrances=(),
        ),
    ),
    workloads=(Workload("DaemonSet", _NAMESPACE, _CHART, nodes=EFA),),
    rivals=(Rival(_CHART, "both would announce a node's adapters to its kubelet", kind="chart"),),
    teardown=Teardown(recipe="The release, then its namespace; no new pod gets an adapter from then on."),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Adapters for pods."""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it on the nodes of groups that have adapters."""
    values = {
        "fullnameOverride": _CHART,
        "supportedInstanceLabels": {"keys": [EFA], "values": ["true"]},
        "tolerations": [{"operator": "Exists"}],
    }
    return Component(address=add_addon(scope, CONTRACT, facts, values).address)
