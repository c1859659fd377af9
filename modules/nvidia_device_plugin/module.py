"""GPUs of NVIDIA as something that pods ask for: `nvidia.com/gpu`.

The machine images of EKS bring driver and container toolkit; what they lack is this plugin. One GPU may be shared.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Json, Properties
from mlinfra.library import Block, Place, Scope
from mlinfra.library.addon import add_addon
from mlinfra.library.contract import Chart, Contract, Namespace, Rival, Teardown, Workload
from mlinfra.library.node_labels import GPU
from mlinfra.library.outputs import Cluster, Component, NodeGroup
from mlinfra.library.placement import on_nodes_with
from mlinfra.library.sharing import ALONE, MPS_LABEL, config_of

SECTION = Place("components", entry="nvidia-device-plugin")
NEEDS = (Cluster, NodeGroup)
Outputs = Component

_NAME = "nvidia-device-plugin"
_BOTH_ANNOUNCE = "both would announce the GPUs of a node to its kubelet, which takes one plugin for each kind of device"

CONTRACT = Contract(
    charts=(
        Chart(
            name=_NAME,
            version="0.20.0",
            digest="sha256:9e5642bcdd3805c6e931f9d3ca542677d1f714d68c14c1364892011e67d9a606",
            repository="https://nvidia.github.io/k8s-device-plugin",
            app_version="0.20.0",
            source="https://github.com/NVIDIA/k8s-device-plugin/tree/1b826acc6af3079d8923bac395c3124b8861a9a6",
            looked_up="2026-08-19",
        ),
    ),
    namespaces=(
        Namespace(
            name=_NAME,
            level="privileged",
            because="it talks to the kubelet through a folder of the node, and looks at the node's devices",
            entrances=(),
        ),
    ),
    workloads=(
        Workload("DaemonSet", _NAME, _NAME, nodes=GPU),
        # On the nodes that share their GPUs by MPS; on no other: the chart's own selector.
        Workload("DaemonSet", _NAME, f"{_NAME}-mps-control-daemon", nodes=MPS_LABEL),
    ),
    rivals=(
        Rival(_NAME, _BOTH_ANNOUNCE, kind="chart"),
        Rival("gpu-operator", _BOTH_ANNOUNCE, kind="chart", part="devicePlugin.enabled"),
    ),
    teardown=Teardown(recipe="The release, then its namespace; no new pod gets a GPU from then on."),
)


class Inputs(Block, frozen=True, kw_only=True):
    """GPUs for pods."""

    sharings: Annotated[
        tuple[str, ...], Meta(description="the ways of sharing that node groups have, as their label says them")
    ] = ()


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it on the nodes that have GPUs, whatever else their groups keep pods away by."""
    values: Properties = {
        "fullnameOverride": _NAME,
        "affinity": on_nodes_with(GPU),
        "tolerations": [{"operator": "Exists"}],
    }
    if inputs.sharings:
        # Each node names its own in a label; one without the label shares nothing.
        configs = {name: Json(config_of(name)) for name in (ALONE, *sorted(inputs.sharings))}
        values["config"] = {"map": configs, "default": ALONE}
    return Component(address=add_addon(scope, CONTRACT, facts, values).address)
