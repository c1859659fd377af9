"""Sharing a GPU: how its ways are called, and what NVIDIA's device plugin is told of them.

A node group puts the name on its nodes as a label; the plugin on that node acts by it.
https://github.com/NVIDIA/k8s-device-plugin#shared-access-to-gpus (v0.20.0, August 2026)
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.gpu_parts import resource_of

CONFIG_LABEL = "nvidia.com/device-plugin.config"
ALONE = "alone"
# The chart's MPS daemon, without which nothing is shared by MPS, runs on nodes with this label alone (templates/
# daemonset-mps-control-daemon.yml at 1b826acc6, August 2026). NVIDIA's feature discovery sets it, which is not here.
MPS_LABEL = "nvidia.com/mps.capable"

# The plugin's own names for them.
_WAYS = {"time-slicing": "timeSlicing", "mps": "mps"}


def sharing_name(way: str, replicas: int, mig: str, profile: str = "") -> str:
    """What a node's label says: `time-slicing-4`, `mig-mixed`, `mps-2`; empty where nothing is shared.

    profile: the parts that are shared, where they are announced by their size: `time-slicing-2-mig-mixed-1g.5gb`.
    """
    parts = [f"{way}-{replicas}"] if way in _WAYS else []
    named = [profile] if parts and profile and mig == "mixed" else []
    return "-".join([*parts, *([f"mig-{mig}", *named] if mig != "none" else [])])


def sharing_labels(name: str) -> dict[str, str]:
    """The labels of nodes whose GPUs are shared in the way of that name; none where it is empty."""
    by_mps = {MPS_LABEL: "true"} if name.startswith("mps-") else {}
    return {CONFIG_LABEL: name, **by_mps} if name else {}


def config_of(name: str) -> dict[str, Any]:
    """The configuration of the plugin for nodes with that label."""
    way, _, divided = name.partition("mig-")
    mig, _, profile = divided.partition("-")
    config: dict[str, Any] = {"version": "v1", "flags": {"migStrategy": mig or "none"}}
    for kind, spelt in _WAYS.items():
        if way.startswith(kind):
            replicas = int(way.removeprefix(f"{kind}-").strip("-"))
            config["sharing"] = {spelt: {"resources": [{"name": resource_of(mig, profile), "replicas": replicas}]}}
    return config
