"""The simulated account behind the controllers of one simulated cluster: `controllers.cloud.Cloud`, on moto's backends.

Made by whoever composes a sandbox, one for each cluster. Every method takes the account's lock, and turns what moto and
our extensions refuse into `CloudError`. Faults strike here as they do on calls: CreateFleet, CreateVolume,
CreateLoadBalancer and their kind are asked of the account before they are done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from moto.core.exceptions import ServiceException, _RESTError

from mlinfra.sandbox.aws import machine_shapes
from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import AwsError
from mlinfra.sandbox.aws.cluster_balancers import Balancers
from mlinfra.sandbox.aws.cluster_file_systems import FileSystems
from mlinfra.sandbox.aws.cluster_groups import Group, groups_of
from mlinfra.sandbox.aws.damage import refusal
from mlinfra.sandbox.aws.eks.store import Cluster, Clusters
from mlinfra.sandbox.aws.interruptions import moment_of, take_back
from mlinfra.sandbox.aws.quotas import vcpu_shortage
from mlinfra.sandbox.faults import FaultKind
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
from mlinfra.sandbox.kubernetes.values import Object

_REFUSING = frozenset({FaultKind.CAPACITY, FaultKind.QUOTA, FaultKind.DENIED, FaultKind.THROTTLE})
_SHORT = ("InsufficientInstanceCapacity", "UnfulfillableCapacity", "VcpuLimitExceeded", "MaxSpotInstanceCountExceeded")
_CLAIM = "karpenter.sh/nodeclaim"


class ClusterCloud:
    """What the controllers of one cluster ask of its account."""

    def __init__(self, account: Account, cluster: str, region: str) -> None:
        self._account = account
        self._cluster = cluster
        self._region = region
        self._balancers = Balancers(account, cluster, region)
        self._file_systems = FileSystems(account, region)
        self._launched: dict[str, Shape] = {}
        self._joined: dict[str, datetime] = {}
        self._versions: dict[str, str] = {}  # an instance keeps the version that it started with
        self._listeners: list[Callable[[], None]] = []
        self._offerings: dict[frozenset[str], Sequence[Offering]] = {}

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed` whenever `tell` is called."""
        self._listeners.append(changed)

    def tell(self) -> None:
        """Say that the cluster's machines may have changed; for those who serve the account's API."""
        for changed in self._listeners:
            changed()

    def addons(self) -> frozenset[str]:
        """The cluster's active add-ons."""
        with self._served() as cluster:
            return frozenset(name for name, item in cluster.add_ons.items() if item.status == "ACTIVE")

    def installed(self) -> Sequence[AddOn]:
        """The cluster's add-ons, but those that are going."""
        with self._served() as cluster:
            return [
                AddOn(name=name, version=item.body["addonVersion"], region=self._region)
                for name, item in cluster.add_ons.items()
                if item.status != "DELETING"
            ]

    def set_add_on_health(self, name: str, issue: tuple[str, str] | None) -> None:
        """Have EKS call an add-on degraded, or active again."""
        with self._served() as cluster:
            item = cluster.add_ons.get(name)
            if item is not None and item.status in ("ACTIVE", "DEGRADED"):
                issues = [{"code": issue[0], "message": issue[1]}] if issue else []
                item.body.update(status="DEGRADED" if issue else "ACTIVE", health={"issues": issues})

    def machines(self) -> Sequence[Machine]:
        """The instances of the cluster's groups, and those that Karpenter started."""
        with self._served() as cluster:
            take_back(self._account, self._region)
            found = []
            for group in groups_of(self._account, cluster, self._region):
                group.scaling.reconcile()
                states = group.scaling.instance_states
                found += [self._machine_of(state.instance, group, cluster.body["version"]) for state in states]
            return [*found, *self._loose_machines(cluster.body["version"])]

    def _machine_of(self, instance: Any, group: Group, version: str) -> Machine:
        spot = instance.lifecycle == "spot"
        return self._machine(
            instance,
            group.shape(instance.instance_type, instance.placement.zone, spot=spot),
            str(group.body.get("version") or version),
            group.name,
        )

    def _machine(self, instance: Any, shape: Shape, version: str, group: str = "") -> Machine:
        domain = "ec2.internal" if self._region == "us-east-1" else f"{self._region}.compute.internal"
        return Machine(
            name=f"ip-{str(instance.private_ip).replace('.', '-')}.{domain}",
            instance_id=instance.id,
            shape=shape,
            node_group=group,
            version=self._versions.setdefault(instance.id, version),
            launched=self._started(instance),
            interruption=moment_of(self._account, self._region, instance.id),
        )

    def _started(self, instance: Any) -> datetime:
        """When we first saw an instance: moto's own times follow the machine's clock, not the account's."""
        return self._joined.setdefault(instance.id, self._account.now())

    def _loose_machines(self, version: str) -> Iterator[Machine]:
        for identity, shape in list(self._launched.items()):
            instance = self._account.ec2(self._region).get_instance_by_id(identity)
            if instance is None or instance.state not in ("pending", "running"):
                del self._launched[identity]
            else:
                yield self._machine(instance, shape, version)

    def node_groups(self) -> Sequence[NodeGroup]:
        """The cluster's scaling groups."""
        with self._served() as cluster:
            return [group.describe() for group in groups_of(self._account, cluster, self._region)]

    def set_desired(self, group: str, count: int) -> None:
        """Let a group grow or shrink. A group that finds no instance wants no more than it has."""
        with self._served() as cluster:
            found = next((g for g in groups_of(self._account, cluster, self._region) if g.name == group), None)
            if found is None:
                raise CloudError("ValidationError", f"AutoScalingGroup name not found - {group}")
            scaling = found.scaling
            if not (scaling.min_size or 0) <= count <= (scaling.max_size or 0):
                raise CloudError("ValidationError", f"desired capacity {count} is outside the sizes of {group}")
            scaling.set_desired_capacity(count)
            if scaling.failure is not None and len(scaling.instance_states) < count:
                scaling.desired_capacity = max(len(scaling.instance_states), scaling.min_size or 0)
                raise CapacityShortage(scaling.failure.code, scaling.failure.message)
            self._note_size(found)
        self.tell()

    def _note_size(self, group: Group) -> None:
        """EKS shows the size that an autoscaler has chosen."""
        if group.body:
            group.body["scalingConfig"]["desiredSize"] = group.scaling.desired_capacity

    def terminate(self, instance_id: str) -> None:
        """End an instance; its group wants one less."""
        with self._served() as cluster:
            for group in groups_of(self._account, cluster, self._region):
                ids = [state.instance.id for state in group.scaling.instance_states]
                if instance_id in ids:
                    low = int(group.scaling.min_size or 0)
                    group.scaling.desired_capacity = max(low, int(group.scaling.desired_capacity or 0) - 1)
                    self._note_size(group)
            self._launched.pop(instance_id, None)
            if self._account.ec2(self._region).get_instance_by_id(instance_id) is not None:
                self._account.ec2(self._region).terminate_instances([instance_id])
        self.tell()

    def offerings(self) -> Sequence[Offering]:
        """What can be launched in the zones of the cluster's subnets."""
        with self._served() as cluster:
            ec2 = self._account.ec2(self._region)
            ids = cluster.body["resourcesVpcConfig"]["subnetIds"]
            zones = frozenset(str(ec2.get_subnet(key).availability_zone) for key in ids)
            if zones not in self._offerings:
                self._offerings[zones] = machine_shapes.offerings(self._region, zones)
            return self._offerings[zones]

    def launch(self, launch: Launch) -> Machine:
        """Start one instance in a subnet that the node class selects."""
        with self._served() as cluster:
            version = cluster.body["version"]
            for machine in self._loose_machines(version):
                if self._tag(machine.instance_id, _CLAIM) == launch.tags.get(_CLAIM):
                    return machine
            self._check_capacity(launch.shape)
            instance = self._run(cluster, launch)
            capacity = machine_shapes.shared(launch.shape.capacity, launch.shape.labels, launch.shape.instance_type)
            shape = self._launched[instance.id] = msgspec.structs.replace(launch.shape, capacity=capacity)
            machine = self._machine(instance, shape, version)
        self.tell()
        return machine

    def _check_capacity(self, shape: Shape) -> None:
        spot = shape.capacity_type == "spot"
        detail = {"InstanceType": shape.instance_type, "AvailabilityZone": shape.zone}
        detail["Market"] = "spot" if spot else "on-demand"
        self._strike("ec2", "CreateFleet", detail)
        shortage = vcpu_shortage(self._account, self._region, shape.instance_type, spot=spot)
        if shortage is not None:
            raise CapacityShortage(shortage.code, shortage.message)

    def _run(self, cluster: Cluster, launch: Launch) -> Any:
        ec2 = self._account.ec2(self._region)
        subnet = self._select(ec2, cluster, launch)
        terms = launch.node_class.get("securityGroupSelectorTerms") or []
        found = [g for by_vpc in ec2.groups.values() for g in by_vpc.values() if _is_meant(terms, g.id, _tags(g))]
        market = {"MarketType": "spot"} if launch.shape.capacity_type == "spot" else None
        reservation = ec2.run_instances(
            "ami-0eks00000000000000",
            1,
            None,
            [],
            instance_type=launch.shape.instance_type,
            security_group_ids=[group.id for group in found] or [cluster.security_group],
            tags={"instance": dict(launch.tags)},
            placement=launch.shape.zone,
            subnet_id=subnet.id,
            region_name=self._region,
            is_instance_type_default=False,
            **({"instance_market_options": market} if market else {}),
        )
        instance: Any = reservation.instances[0]
        for interface in instance.nics.values():
            interface.delete_on_termination = True
        return instance

    def _select(self, ec2: Any, cluster: Cluster, launch: Launch) -> Any:
        terms: list[Object] = launch.node_class.get("subnetSelectorTerms") or []
        subnets = [s for by_zone in ec2.subnets.values() for s in by_zone.values() if s.vpc_id == cluster.vpc]
        found = [s for s in subnets if s.availability_zone == launch.shape.zone and _is_meant(terms, s.id, _tags(s))]
        if not found:
            raise CloudError("SubnetsNotFound", f"no subnet in {launch.shape.zone} matches subnetSelectorTerms {terms}")
        return found[0]

    def _tag(self, identity: str, name: str) -> str | None:
        instance = self._account.ec2(self._region).get_instance_by_id(identity)
        return None if instance is None else _tags(instance).get(name)

    def ensure_disk(self, disk: Disk) -> str:
        """Make a volume, or find it by the tag that bears its token."""
        with self._served():
            ec2 = self._account.ec2(self._region)
            for volume in ec2.volumes.values():
                if _tags(volume).get("CSIVolumeName") == disk.token:
                    return str(volume.id)
            self._strike("ec2", "CreateVolume", {"AvailabilityZone": disk.zone, "VolumeType": disk.type})
            volume = ec2.create_volume(
                disk.size,
                disk.zone,
                encrypted=disk.encrypted or bool(disk.kms_key),
                kms_key_id=disk.kms_key or None,
                volume_type=disk.type,
                iops=disk.iops,
                throughput=disk.throughput,
            )
            volume.add_tags(dict(disk.tags))
            return str(volume.id)

    def delete_disk(self, volume_id: str) -> None:
        """Delete a volume, if it is there."""
        with self._served():
            ec2 = self._account.ec2(self._region)
            if volume_id in ec2.volumes:
                self._strike("ec2", "DeleteVolume", {"VolumeId": volume_id})
                ec2.delete_volume(volume_id)

    def ensure_access_point(self, wanted: AccessPoint) -> str:
        """Make an access point, or find it by its token."""
        with self._served():
            self._strike("efs", "CreateAccessPoint", {"FileSystemId": wanted.file_system})
            return self._file_systems.access_point(wanted)

    def delete_access_point(self, access_point_id: str) -> None:
        """Delete an access point, if it is there."""
        with self._served():
            self._strike("efs", "DeleteAccessPoint", {"AccessPointId": access_point_id})
            self._file_systems.drop_access_point(access_point_id)

    def ensure_file_system(self, wanted: Lustre) -> FileSystem:
        """Make a file system of FSx, or find it by its token."""
        with self._served():
            self._strike("fsx", "CreateFileSystem", {"FileSystemType": "LUSTRE"})
            return self._file_systems.lustre(wanted)

    def delete_file_system(self, file_system_id: str) -> None:
        """Delete a file system of FSx, if it is there."""
        with self._served():
            self._strike("fsx", "DeleteFileSystem", {"FileSystemId": file_system_id})
            self._file_systems.drop_lustre(file_system_id)

    def ensure_load_balancer(self, wanted: LoadBalancer) -> str:
        """Make or change a load balancer."""
        with self._served() as cluster:
            self._strike("elasticloadbalancing", "CreateLoadBalancer", {"Name": wanted.name, "Type": wanted.kind})
            return self._balancers.ensure(cluster, wanted)

    def set_targets(self, target_group: str, targets: Sequence[tuple[str, int]]) -> None:
        """Register addresses with a target group, and take all others out."""
        with self._served():
            self._strike("elasticloadbalancing", "RegisterTargets", {"TargetGroupArn": target_group})
            self._balancers.set_targets(target_group, targets)

    def delete_load_balancer(self, name: str) -> None:
        """Delete a load balancer with what belongs to it."""
        with self._served():
            self._strike("elasticloadbalancing", "DeleteLoadBalancer", {"Name": name})
            self._balancers.delete(name)

    def _strike(self, service: str, operation: str, detail: dict[str, str]) -> None:
        rule = self._account.fault(_REFUSING, service, operation, detail)
        if rule is not None:
            raise refusal(service, operation, rule)

    @contextmanager
    def _served(self) -> Iterator[Cluster]:
        """The account's lock, the cluster, and errors in the words of the port."""
        with self._account.lock:
            try:
                yield self._account.store(Clusters, self._region).find(self._cluster)
            except AwsError as error:
                kind = CapacityShortage if error.code in _SHORT else CloudError
                raise kind(error.code, error.message) from error
            except ServiceException as error:
                raise CloudError(error.code, error.message) from error
            except _RESTError as error:
                raise CloudError(error.error_type, error.message) from error


def _tags(resource: Any) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in resource.get_tags()}


def _is_meant(terms: Sequence[Object], identity: str, tags: dict[str, str]) -> bool:
    """Whether a resource satisfies one of the selector terms of a node class; `*` stands for any value."""
    return any(
        term.get("id", identity) == identity
        and all(key in tags and value in ("*", tags[key]) for key, value in (term.get("tags") or {}).items())
        for term in terms
    )
