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

    @property
    def accelerator(self) -> str:
        """The Kubernetes resource that its nodes offer, such as `nvidia.com/gpu`; empty without one."""
        if self.neuron_devices:
            return "aws.amazon.com/neuron"
        # The AMD GPUs of g4ad are for graphics; EKS has no image with their driver.
        return ("amd.com/gpu" if "Radeon" in self.gpu_name else "nvidia.com/gpu") if self.gpus else ""


def image_key(version: str, machine: InstanceType) -> str:
    """What `Facts.images` calls the image for nodes of a Kubernetes version on machines of this type."""
    variant = {"": "standard", "nvidia.com/gpu": "nvidia", "aws.amazon.com/neuron": "neuron"}
    return f"{version}/{machine.architecture}/{variant.get(machine.accelerator, machine.accelerator)}"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is pinned.

    cluster: the identity of the cluster that everything is made in, where the target is one. place: how people know it,
    as it was first reached: its context and server.
    zones: names of the region's availability zones, sorted; local and wavelength zones are not among them.
    cluster_versions: the Kubernetes versions that EKS offers, oldest first.
    images: the machine images for nodes, by `image_key`.
    addons: the versions of add-ons that EKS gives a cluster by default, by `1.33/vpc-cni`; and by
    `1.33/vpc-cni/v1.20.4-eksbuild.1` the nearest that it offers to one that was asked for, which is that itself.
    reservations: the zone of each capacity reservation asked for; empty where it is not known.
    """

    account: str
    region: str
    cluster: str = ""
    place: str = ""
    partition: str = "aws"
    zones: tuple[str, ...] = ()
    cluster_versions: tuple[str, ...] = ()
    instance_types: dict[str, InstanceType] = {}
    images: dict[str, str] = {}
    addons: dict[str, str] = {}
    reservations: dict[str, str] = {}


class Wants(msgspec.Struct, frozen=True):
    """The facts that a stack needs beyond those that every stack needs.

    images: the instance types whose machines are started from an image of our own choice, not of EKS's.
    versions: the Kubernetes versions that clusters and nodes are to run; empty text for the newest.
    addons: the add-ons whose version is EKS's to choose, and those of which a version is chosen: `vpc-cni/VERSION`.
    reservations: the capacity reservations whose place must be known.
    image_of_each: whether the image of every instance type is wanted, whoever wants that.
    """

    instance_types: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()
    versions: frozenset[str] = frozenset()
    addons: frozenset[str] = frozenset()
    reservations: frozenset[str] = frozenset()
    image_of_each: bool = False

    def __or__(self, other: Wants) -> Wants:
        return Wants(
            self.instance_types | other.instance_types,
            self.images | other.images,
            self.versions | other.versions,
            self.addons | other.addons,
            self.reservations | other.reservations,
            self.image_of_each or other.image_of_each,
        )

    @property
    def whole(self) -> Wants:
        """The same, with what each instance type brings along said outright."""
        images = self.images | self.instance_types if self.image_of_each else self.images
        return msgspec.structs.replace(self, images=images, image_of_each=False)

    def image_keys(self, facts: Facts) -> frozenset[str]:
        """The keys of the images that are wanted, as far as `facts` know of the machines."""
        machines = [facts.instance_types[name] for name in self.images if name in facts.instance_types]
        return frozenset(image_key(version, machine) for version in self._versions(facts) for machine in machines)

    def addon_keys(self, facts: Facts) -> frozenset[str]:
        """The keys of the add-ons that are wanted."""
        return frozenset(f"{version}/{name}" for version in self._versions(facts) for name in self.addons)

    def _versions(self, facts: Facts) -> set[str]:
        return {version or facts.cluster_versions[-1] for version in self.versions if facts.cluster_versions}
