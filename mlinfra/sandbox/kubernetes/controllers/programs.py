"""Which well-known programs run in a cluster: found by their labels, as their charts set them.

The stand-ins for autoscalers, load balancer controllers and drivers work only while the real ones would: while a
Deployment or DaemonSet of theirs has a ready pod, while they are an active add-on of the cluster, or while
`Options.standing` says so. Labels are those of the charts (read November 2026).
"""

from __future__ import annotations

from collections.abc import Iterable

from mlinfra.sandbox.kubernetes.controllers.catalog import DAEMON_SET, DEPLOYMENT
from mlinfra.sandbox.kubernetes.store import Store
from mlinfra.sandbox.kubernetes.values import Object, at

CLUSTER_AUTOSCALER = "cluster-autoscaler"
KARPENTER = "karpenter"
LOAD_BALANCER_CONTROLLER = "aws-load-balancer-controller"
EBS_DRIVER = "aws-ebs-csi-driver"
EFS_DRIVER = "aws-efs-csi-driver"
FSX_DRIVER = "aws-fsx-csi-driver"
METRICS_SERVER = "metrics-server"
KEDA = "keda-operator"
TERMINATION_HANDLER = "aws-node-termination-handler"
NVIDIA_PLUGIN = "nvidia-device-plugin"
NEURON_PLUGIN = "neuron-device-plugin"
EFA_PLUGIN = "aws-efa-k8s-device-plugin"

_LABELS = ("app.kubernetes.io/name", "k8s-app", "app", "name")
_VALUES: dict[str, tuple[str, ...]] = {
    CLUSTER_AUTOSCALER: ("cluster-autoscaler", "aws-cluster-autoscaler"),
    KARPENTER: ("karpenter",),
    LOAD_BALANCER_CONTROLLER: ("aws-load-balancer-controller",),
    EBS_DRIVER: ("aws-ebs-csi-driver", "ebs-csi-controller"),
    METRICS_SERVER: ("metrics-server",),
    KEDA: ("keda-operator",),
    EFS_DRIVER: ("aws-efs-csi-driver", "efs-csi-controller"),
    FSX_DRIVER: ("aws-fsx-csi-driver", "fsx-csi-controller"),
    TERMINATION_HANDLER: ("aws-node-termination-handler",),
    NVIDIA_PLUGIN: ("nvidia-device-plugin", "nvidia-device-plugin-daemonset", "nvidia-device-plugin-ds"),
    NEURON_PLUGIN: ("neuron-device-plugin", "neuron-device-plugin-ds"),
    EFA_PLUGIN: ("aws-efa-k8s-device-plugin", "aws-efa-k8s-device-plugin-daemonset"),
}
DEVICE_PLUGINS = {
    "nvidia.com/gpu": NVIDIA_PLUGIN,
    "aws.amazon.com/neuron": NEURON_PLUGIN,
    "aws.amazon.com/neuroncore": NEURON_PLUGIN,
    "vpc.amazonaws.com/efa": EFA_PLUGIN,
}
"""Which program announces a resource to the kubelet."""


def announcer(resource: str) -> str | None:
    """The program that announces a resource; parts of GPUs (`nvidia.com/mig-1g.5gb`) are announced as GPUs are."""
    return DEVICE_PLUGINS.get("nvidia.com/gpu" if resource.startswith("nvidia.com/mig-") else resource)


def is_of(program: str, obj: Object) -> bool:
    """Whether an object (a workload or a pod) bears the labels of a program."""
    labels = obj["metadata"].get("labels") or {}
    return any(labels.get(key) in _VALUES[program] for key in _LABELS)


def runs(store: Store, program: str, standing: Iterable[str] = ()) -> bool:
    """Whether a program runs in the cluster."""
    if program in standing:
        return True
    deployments = store.peek(store.kind(DEPLOYMENT))
    if any(is_of(program, item) and at(item, ("status", "readyReplicas"), 0) for item in deployments):
        return True
    daemons = store.peek(store.kind(DAEMON_SET))
    return any(is_of(program, item) and at(item, ("status", "numberReady"), 0) for item in daemons)
