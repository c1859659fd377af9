"""An account in memory, for tests of controllers: machines in groups, disks, load balancers, and shortages on demand.

It behaves as the real one does where controllers can tell: groups replace machines that die, shrink when told, refuse
to grow beyond their maximum, and fail where there is a shortage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from mlinfra.sandbox.kubernetes.controllers.cloud import (
    AccessPoint,
    AddOn,
    CapacityShortage,
    CloudError,
    Disk,
    FileSystem,
    Launch,
    LoadBalancer,
    Lustre,
    Machine,
    NodeGroup,
    Offering,
    Shape,
)
from mlinfra.sandbox.kubernetes.values import Clock


class MemoryCloud:
    """Implements `cloud.Cloud`. `disks` and `load_balancers` show what controllers have made."""

    def __init__(self, clock: Clock, addons: Iterable[str] = (), region: str = "eu-west-1") -> None:
        self._clock = clock
        self._addons = frozenset(addons)
        self._region = region
        self._groups: dict[str, NodeGroup] = {}
        self._machines: dict[str, Machine] = {}
        self._offerings: list[Offering] = []
        self._listeners: list[Callable[[], None]] = []
        self._tokens: dict[str, str] = {}
        self._made = 0
        self.ailing: dict[str, tuple[str, str]] = {}
        self.disks: dict[str, Disk] = {}
        self.access_points: dict[str, AccessPoint] = {}
        self.file_systems: dict[str, Lustre] = {}
        self.load_balancers: dict[str, LoadBalancer] = {}
        self.targets: dict[str, tuple[tuple[str, int], ...]] = {}
        """Of target groups that somebody else made."""
        self.shortages: set[tuple[str, str]] = set()
        """(instance type, zone) of which there are none; an empty zone means all zones."""
        self.sold_out: frozenset[tuple[str, str]] = frozenset()
        """(instance type, capacity type) of which there are none."""

    # What tests arrange

    def add_group(self, group: NodeGroup) -> None:
        """Make a group with its machines."""
        self._groups[group.name] = group
        self._fill(group)
        self._tell()

    def offer(self, offerings: Iterable[Offering]) -> None:
        """Offer machines without a group."""
        self._offerings.extend(offerings)

    def interrupt(self, instance_id: str, at: datetime) -> None:
        """Announce that a spot machine will be taken away."""
        self._machines[instance_id] = msgspec.structs.replace(self._machines[instance_id], interruption=at)
        self._tell()

    def lose(self, instance_id: str) -> None:
        """Let a machine die; its group starts another."""
        group = self._machines.pop(instance_id).node_group
        if group:
            self._fill(self._groups[group])
        self._tell()

    # What controllers call

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed` after each change."""
        self._listeners.append(changed)

    def addons(self) -> frozenset[str]:
        """The add-ons given at the start."""
        return self._addons

    def install(self, *names: str) -> None:
        """Have these add-ons, and no others."""
        self._addons = frozenset(names)
        self._tell()

    def installed(self) -> Sequence[AddOn]:
        """Those of them that have objects."""
        return tuple(AddOn(name=name, version="v1.0.0", region=self._region) for name in sorted(self._addons))

    def set_add_on_health(self, name: str, issue: tuple[str, str] | None) -> None:
        """Remember it."""
        self.ailing = {
            **{key: value for key, value in self.ailing.items() if key != name},
            **({name: issue} if issue else {}),
        }

    def machines(self) -> Sequence[Machine]:
        """All machines, after those were taken away whose time has come."""
        gone = [m for m in self._machines.values() if m.interruption and m.interruption <= self._clock()]
        for machine in gone:
            self.lose(machine.instance_id)
        return list(self._machines.values())

    def node_groups(self) -> Sequence[NodeGroup]:
        """The groups, by name."""
        return [self._groups[name] for name in sorted(self._groups)]

    def set_desired(self, group: str, count: int) -> None:
        """Grow or shrink a group."""
        found = self._groups[group]
        if not found.minimum <= count <= found.maximum:
            raise CloudError("ValidationError", f"desired capacity {count} is outside {found.minimum}..{found.maximum}")
        grown = msgspec.structs.replace(found, desired=count)
        self._fill(grown)
        self._groups[group] = grown
        self._tell()

    def terminate(self, instance_id: str) -> None:
        """End a machine; its group wants one less."""
        machine = self._machines.pop(instance_id, None)
        if machine is not None and machine.node_group:
            group = self._groups[machine.node_group]
            self._groups[group.name] = msgspec.structs.replace(group, desired=max(group.minimum, group.desired - 1))
            self._fill(self._groups[group.name])
        self._tell()

    def offerings(self) -> Sequence[Offering]:
        """What was offered."""
        return tuple(self._offerings)

    def launch(self, launch: Launch) -> Machine:
        """Start one machine."""
        known = self._tokens.get(launch.token)
        if known in self._machines:
            return self._machines[known]
        machine = self._start(launch.shape, "")
        self._tokens[launch.token] = machine.instance_id
        self._tell()
        return machine

    def ensure_disk(self, disk: Disk) -> str:
        """Make a volume once."""
        known = self._tokens.get(disk.token)
        if known is None:
            known = self._tokens[disk.token] = self._identity("vol")
            self.disks[known] = disk
        return known

    def delete_disk(self, volume_id: str) -> None:
        """Delete a volume."""
        self.disks.pop(volume_id, None)

    def ensure_access_point(self, wanted: AccessPoint) -> str:
        """Make an access point once."""
        known = self._tokens.get(wanted.token)
        if known is None:
            known = self._tokens[wanted.token] = self._identity("fsap")
            self.access_points[known] = wanted
        return known

    def delete_access_point(self, access_point_id: str) -> None:
        """Delete an access point."""
        self.access_points.pop(access_point_id, None)

    def ensure_file_system(self, wanted: Lustre) -> FileSystem:
        """Make a file system once; it is ready when it is asked for again."""
        known, ready = self._tokens.get(wanted.token), wanted.token in self._tokens
        if known is None:
            known = self._tokens[wanted.token] = self._identity("fs")
            self.file_systems[known] = wanted
        return FileSystem(id=known, ready=ready, dns_name=f"{known}.fsx.{self._region}.amazonaws.com", mount_name="fsx")

    def delete_file_system(self, file_system_id: str) -> None:
        """Delete a file system."""
        self.file_systems.pop(file_system_id, None)

    def ensure_load_balancer(self, wanted: LoadBalancer) -> str:
        """Make or replace a load balancer."""
        self.load_balancers[wanted.name] = wanted
        if wanted.kind != "network":
            return f"{wanted.name}.{self._region}.elb.amazonaws.com"
        return f"{wanted.name}.elb.{self._region}.amazonaws.com"

    def set_targets(self, target_group: str, targets: Sequence[tuple[str, int]]) -> None:
        """Remember them."""
        self.targets[target_group] = tuple(targets)

    def delete_load_balancer(self, name: str) -> None:
        """Delete a load balancer."""
        self.load_balancers.pop(name, None)

    # Inside

    def _fill(self, group: NodeGroup) -> None:
        present = [m for m in self._machines.values() if m.node_group == group.name]
        for machine in present[group.desired :]:
            del self._machines[machine.instance_id]
        for number in range(len(present), group.desired):
            order = [group.shapes[(number + turn) % len(group.shapes)] for turn in range(len(group.shapes))]
            self._start(next((shape for shape in order if not self._is_short(shape)), order[0]), group.name)

    def _start(self, shape: Shape, group: str) -> Machine:
        if self._is_short(shape):
            text = f"We currently do not have sufficient {shape.instance_type} capacity in {shape.zone or 'any zone'}."
            raise CapacityShortage("InsufficientInstanceCapacity", text)
        identity = self._identity("i")
        name = f"ip-10-0-{self._made // 250}-{self._made % 250 + 4}.{self._region}.compute.internal"
        machine = Machine(name=name, instance_id=identity, shape=shape, node_group=group, launched=self._clock())
        self._machines[identity] = machine
        return machine

    def _is_short(self, shape: Shape) -> bool:
        if (shape.instance_type, shape.capacity_type) in self.sold_out:
            return True
        return bool({(shape.instance_type, shape.zone), (shape.instance_type, "")} & self.shortages)

    def _identity(self, prefix: str) -> str:
        self._made += 1
        return f"{prefix}-{self._made:017x}"

    def _tell(self) -> None:
        for changed in self._listeners:
            changed()


def shape(
    instance_type: str,
    zone: str,
    capacity: Mapping[str, str],
    *,
    labels: Mapping[str, str] | None = None,
    taints: Sequence[Mapping[str, str]] = (),
    group: str = "",
    capacity_type: str = "on-demand",
) -> Shape:
    """A shape with the labels that EKS gives to nodes."""
    eks = (
        {"eks.amazonaws.com/nodegroup": group, "eks.amazonaws.com/capacityType": _EKS_WORDS[capacity_type]}
        if group
        else {}
    )
    return Shape(
        instance_type=instance_type,
        zone=zone,
        capacity={"pods": "110", **capacity},
        labels={
            "topology.kubernetes.io/zone": zone,
            "topology.kubernetes.io/region": zone[:-1],
            "node.kubernetes.io/instance-type": instance_type,
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/os": "linux",
            **eks,
            **(labels or {}),
        },
        taints=[dict(taint) for taint in taints],
        capacity_type=capacity_type,
    )


_EKS_WORDS = {"on-demand": "ON_DEMAND", "spot": "SPOT", "reserved": "CAPACITY_BLOCK"}
