"""AWS's own accelerators as something that pods ask for: `aws.amazon.com/neuron`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.library import Block, Place, Scope
from mlinfra.library.addon import add_addon
from mlinfra.library.contract import Chart, Contract, Namespace, Rival, Teardown, Workload
from mlinfra.library.outputs import Cluster, Component, NodeGroup

SECTION = Place("components", entry="neuron-device-plugin")
NEEDS = (Cluster, NodeGroup)
Outputs = Component

_NAME = "neuron-device-plugin"
_INSTANCES = "neuronInstances"

CONTRACT = Contract(
    charts=(
        Chart(
            name="neuron-helm-chart",
            version="1.0.0",
            repository="oci://public.ecr.aws/neuron",
            app_version="1.0.0",
            source="https://github.com/aws-neuron/neuron-helm-charts/tree/8172e5e144bd49fec836619d2a41ab8cc10e83a8",
            looked_up="2024-09-17",
        ),
    ),
    namespaces=(
        Namespace(
            name=_NAME,
            level="privileged",
            because="it looks at the node's devices, and talks to the kubelet through a folder of the node",
            entrances=(),
        ),
    ),
    # By the chart's own affinity (templates/device-plugin-daemonset.yaml).
    workloads=(Workload("DaemonSet", _NAME, _NAME, nodes="node.kubernetes.io/instance-type", among=_INSTANCES),),
    rivals=(Rival("neuron-helm-chart", "both would announce a node's accelerators to its kubelet", kind="chart"),),
    teardown=Teardown(recipe="The release, then its namespace; no new pod gets an accelerator from then on."),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Accelerators for pods."""

    instances: Annotated[tuple[str, ...], Meta(description="the instance types that have some")] = ()


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install the plugin alone: neither a scheduler of its own, nor what repairs nodes by itself."""
    values = {
        _INSTANCES: sorted(inputs.instances),
        "devicePlugin": {"namespaceOverride": _NAME, "tolerations": [{"operator": "Exists"}]},
        "scheduler": {"enabled": False},
        "npd": {"enabled": False},
    }
    return Component(address=add_addon(scope, CONTRACT, facts, values).address)
