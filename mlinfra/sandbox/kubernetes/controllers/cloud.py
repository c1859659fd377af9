"""The account behind a cluster, as its controllers need it: machines, node groups, volumes, load balancers.

A port. `memory_cloud.MemoryCloud` serves tests; the simulated AWS serves rehearsals. Every method raises `CloudError`
(`CapacityShortage` when there are no machines to be had) and nothing else, and may be called again with the same
arguments: what exists already is found by its name or token, not made twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from mlinfra.sandbox.kubernetes.values import Object


class CloudError(Exception):
    """The account refused; `code` is the service's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class CapacityShortage(CloudError):
    """No machines of that type are to be had there now."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What a node of some origin is like, whether it exists or not.

    capacity, allocatable: Kubernetes quantities by resource name; accelerators included.
    labels: without the hostname. taints: `{key, value, effect}`.
    announced: accelerators that the machine image announces without a device plugin's pod.
    """

    instance_type: str
    zone: str = ""
    capacity: Mapping[str, str]
    allocatable: Mapping[str, str] = {}
    labels: Mapping[str, str] = {}
    taints: Sequence[Object] = ()
    announced: frozenset[str] = frozenset()
    capacity_type: str = "on-demand"

    def offered(self) -> Mapping[str, str]:
        """What pods may request: allocatable, or all where that is not given."""
        return {**self.capacity, **self.allocatable}


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """An instance that is to be a node.

    name: the node's name (on EKS the private DNS name). node_group: where it belongs, or empty.
    version: of Kubernetes, such as 1.33, that its kubelet has.
    launched: when it was started. interruption: when it will be taken away, where the cloud has said so.
    """

    name: str
    instance_id: str
    shape: Shape
    node_group: str = ""
    version: str = "1.33"
    launched: datetime
    interruption: datetime | None = None

    @property
    def provider_id(self) -> str:
        """What `spec.providerID` says."""
        return f"aws:///{self.shape.zone}/{self.instance_id}"


class NodeSource(Protocol):
    """Which nodes there should be."""

    def machines(self) -> Sequence[Machine]:
        """The instances that are starting or running."""
        ...


class NodeGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group of machines that can grow: an EC2 Auto Scaling group.

    shapes: what its next machine may be, one for each zone; labels and taints as the group's `node-template` tags say.
    tags: of the scaling group; the autoscaler's discovery reads them.
    """

    name: str
    minimum: int
    maximum: int
    desired: int
    shapes: Sequence[Shape]
    tags: Mapping[str, str] = {}


class AddOn(msgspec.Struct, frozen=True, kw_only=True):
    """An add-on of EKS that is in the cluster, or on its way into it."""

    name: str
    version: str
    region: str


class Offering(msgspec.Struct, frozen=True, kw_only=True):
    """A type of machine that can be had in a zone, and its price in US dollars an hour."""

    shape: Shape
    price: float


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """A machine that Karpenter wants. `token` makes repetitions harmless; `node_class` is the EC2NodeClass's spec."""

    token: str
    shape: Shape
    node_class: Object
    tags: Mapping[str, str] = {}


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """An EBS volume that a claim asks for. `token` makes repetitions harmless; `size` is in GiB."""

    token: str
    zone: str
    size: int
    type: str = "gp3"
    iops: int | None = None
    throughput: int | None = None
    encrypted: bool = False
    kms_key: str = ""
    tags: Mapping[str, str] = {}


class AccessPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A way into a file system of EFS that a claim asks for. `token` makes repetitions harmless."""

    token: str
    file_system: str
    path: str
    permissions: str
    user: int
    group: int
    tags: Mapping[str, str] = {}


class Lustre(msgspec.Struct, frozen=True, kw_only=True):
    """A file system of FSx for Lustre that a claim asks for. `token` makes repetitions harmless; `size` is in GiB.

    settings: what stands under LustreConfiguration.
    """

    token: str
    size: int
    subnet: str
    security_groups: Sequence[str] = ()
    storage: str = "SSD"
    settings: Mapping[str, object] = {}
    tags: Mapping[str, str] = {}


class FileSystem(msgspec.Struct, frozen=True, kw_only=True):
    """A file system of FSx as it is: whether it is ready, and where it is mounted from."""

    id: str
    ready: bool
    dns_name: str = ""
    mount_name: str = ""


class SecurityGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A security group that a controller makes for a load balancer. `sources` are CIDRs; `ports` TCP or UDP."""

    name: str
    description: str
    ports: Sequence[tuple[str, int]]
    sources: Sequence[str]
    tags: Mapping[str, str] = {}


class TargetGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Where a listener sends traffic. `targets` are (address or instance id, port); `kind` is `ip` or `instance`."""

    name: str
    protocol: str
    port: int
    kind: str
    targets: Sequence[tuple[str, int]] = ()
    tags: Mapping[str, str] = {}


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """A port of a load balancer; `rules` are (host, path, target group), `default` a target group or empty (404)."""

    protocol: str
    port: int
    default: str = ""
    rules: Sequence[tuple[str, str, str]] = ()
    certificates: Sequence[str] = ()


class LoadBalancer(msgspec.Struct, frozen=True, kw_only=True):
    """A load balancer with all that belongs to it. `kind`: classic, network or application."""

    name: str
    kind: str
    scheme: str
    listeners: Sequence[Listener]
    target_groups: Sequence[TargetGroup] = ()
    security_groups: Sequence[SecurityGroup] = ()
    subnets: Sequence[str] = ()
    tags: Mapping[str, str] = {}


class Cloud(NodeSource, Protocol):
    """All that controllers ask of the account of one cluster."""

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed` whenever machines or groups may have changed. May be called from any thread."""
        ...

    def addons(self) -> frozenset[str]:
        """The names of the cluster's active add-ons."""
        ...

    def installed(self) -> Sequence[AddOn]:
        """The cluster's add-ons, but those that are going."""
        ...

    def set_add_on_health(self, name: str, issue: tuple[str, str] | None) -> None:
        """Say of an add-on that it lacks something, by code and message, or that it does not any more."""
        ...

    def node_groups(self) -> Sequence[NodeGroup]:
        """The groups whose machines join this cluster."""
        ...

    def set_desired(self, group: str, count: int) -> None:
        """Let a group grow to a count. CapacityShortage when the cloud has no such machines."""
        ...

    def terminate(self, instance_id: str) -> None:
        """End a machine for good; its group, where it has one, wants one less."""
        ...

    def offerings(self) -> Sequence[Offering]:
        """The types that can be launched without a group, per zone and capacity type."""
        ...

    def launch(self, launch: Launch) -> Machine:
        """Start one machine without a group. CapacityShortage when there is none."""
        ...

    def ensure_disk(self, disk: Disk) -> str:
        """Make a volume, or find it by its token; gives its id."""
        ...

    def delete_disk(self, volume_id: str) -> None:
        """Delete a volume; one that is gone is fine."""
        ...

    def ensure_access_point(self, wanted: AccessPoint) -> str:
        """Make an access point, or find it by its token; gives its id."""
        ...

    def delete_access_point(self, access_point_id: str) -> None:
        """Delete an access point; one that is gone is fine."""
        ...

    def ensure_file_system(self, wanted: Lustre) -> FileSystem:
        """Make a file system, or find it by its token; it takes time."""
        ...

    def delete_file_system(self, file_system_id: str) -> None:
        """Delete a file system of FSx; one that is gone, or going, is fine."""
        ...

    def ensure_load_balancer(self, wanted: LoadBalancer) -> str:
        """Make or change a load balancer, its groups and targets; gives its host name."""
        ...

    def set_targets(self, target_group: str, targets: Sequence[tuple[str, int]]) -> None:
        """Have these addresses, and no others, in a target group that somebody else made; it is named by its ARN."""
        ...

    def delete_load_balancer(self, name: str) -> None:
        """Delete a load balancer with its target and security groups; one that is gone is fine."""
        ...
