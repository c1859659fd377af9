"""What GPUs do, measured by NVIDIA's DCGM on each node that has some: use, memory, temperature, faults."""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.library import Block, Place, Scope
from mlinfra.library.addon import add_addon, component
from mlinfra.library.contract import Chart, Contract, Namespace, Teardown, Workload
from mlinfra.library.node_labels import GPU
from mlinfra.library.outputs import Cluster, Component, NodeGroup
from mlinfra.library.placement import on_nodes_with

SECTION = Place("components", entry="dcgm-exporter")
NEEDS = (Cluster, NodeGroup)
USES = ("prometheus",)
Outputs = Component

_NAME = "dcgm-exporter"

CONTRACT = Contract(
    charts=(
        Chart(
            name=_NAME,
            version="4.8.2",
            digest="sha256:1c5535c03ebab3f021444df6016fce1cd7871385122e115c6ed24c804b623803",
            repository="https://nvidia.github.io/dcgm-exporter/helm-charts",
            app_version="4.8.2",
            source="https://github.com/NVIDIA/dcgm-exporter/tree/d5e5f510a1b6b393f39a43293ccd9dc985defc79",
            looked_up="2026-05-12",
        ),
    ),
    namespaces=(
        Namespace(
            name=_NAME,
            level="privileged",
            because="it asks the kubelet which pod has which GPU, through a folder of the node",
            entrances=(),
        ),
    ),
    workloads=(Workload("DaemonSet", _NAME, _NAME, nodes=GPU),),
    teardown=Teardown(recipe="The release, then its namespace."),
)


class Inputs(Block, frozen=True, kw_only=True):
    """What GPUs do."""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it, where a node group has GPUs."""
    if not any(group.gpus for group in scope.every(NodeGroup)):
        return Component(address=scope.address)
    values = {
        "fullnameOverride": _NAME,
        "affinity": on_nodes_with(GPU),
        "tolerations": [{"operator": "Exists"}],
        "serviceMonitor": {"enabled": True, "interval": "15s"},
    }
    return Component(address=add_addon(scope, CONTRACT, facts, values, after=[component("prometheus")]).address)
