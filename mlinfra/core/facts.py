"""Facts: what modules must know of the cloud before anything is planned.

The session reads them at first use and pins them in state and plan; only `--refresh-facts` reads them again, so
that a new zone or machine image never changes a plan by itself. Who the caller is, is never a fact.
"""

from __future__ import annotations

import msgspec


class InstanceType(msgspec.Struct, frozen=True, kw_only=True):
    """One machine type: vCPUs, memory in MiB, accelerators, and how many network interfaces can carry EFA."""

    name: str
    vcpus: int
    memory_mib: int
    architecture: str = "x86_64"
    gpus: int = 0
    gpu_name: str = ""
    gpu_memory_mib: int = 0
    neuron_devices: int = 0
    efa_interfaces: int = 0
    zones: tuple[str, ...] = ()


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is pinned.

    zones: names of the region's availability zones, sorted; local and wavelength zones are not among them.
    cluster_versions: the Kubernetes versions that EKS offers, oldest first.
    """

    account: str
    region: str
    partition: str = "aws"
    zones: tuple[str, ...] = ()
    cluster_versions: tuple[str, ...] = ()
    instance_types: dict[str, InstanceType] = {}


class Wants(msgspec.Struct, frozen=True):
    """The facts that a stack needs beyond those that every stack needs."""

    instance_types: frozenset[str] = frozenset()

    def __or__(self, other: Wants) -> Wants:
        return Wants(self.instance_types | other.instance_types)
