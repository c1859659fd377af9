"""Products: how each price is found on AWS's price list, and which prices a stack's things are billed by.

Attributes and usage types are those that the list has (November 2026; usage types begin with a code of the region,
outside of us-east-1). `price_list` asks for them. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from mlinfra.advice.machine_groups import Buying, MachineGroup, machine_groups
from mlinfra.advice.reading import number, text
from mlinfra.advice.things import Thing, Things


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """How a product is found: service and attributes, and usage types without their region where those are not enough.

    usages: several are several products, and the price is theirs together. everywhere: it belongs to no region.
    """

    service: str
    attributes: dict[str, str] = {}
    usages: tuple[str, ...] = ("",)
    unit: str = "hour"
    everywhere: bool = False


_MACHINE = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "marketoption": "OnDemand",
}
_PRODUCTS = {
    "database.backup": Product(
        service="AmazonRDS",
        attributes={"productFamily": "Storage Snapshot", "databaseEngine": "Any"},
        usages=("RDS:ChargedBackupUsage",),
        unit="GiB-month",
    ),
    "nat-gateway": Product(
        service="AmazonEC2", attributes={"productFamily": "NAT Gateway"}, usages=("NatGateway-Hours",)
    ),
    "vpc-endpoint.interface": Product(
        service="AmazonVPC", attributes={"productFamily": "VpcEndpoint"}, usages=("VpcEndpoint-Hours",)
    ),
    "public-address": Product(
        service="AmazonVPC", attributes={"group": "VPCPublicIPv4Address"}, usages=("PublicIPv4:InUseAddress",)
    ),
    "load-balancer.application": Product(
        service="AWSELB", attributes={"productFamily": "Load Balancer-Application"}, usages=("LoadBalancerUsage",)
    ),
    "load-balancer.network": Product(
        service="AWSELB", attributes={"productFamily": "Load Balancer-Network"}, usages=("LoadBalancerUsage",)
    ),
    "load-balancer.gateway": Product(
        service="AWSELB", attributes={"productFamily": "Load Balancer-Gateway"}, usages=("LoadBalancerUsage",)
    ),
    "cluster.standard": Product(service="AmazonEKS", usages=("AmazonEKS-Hours:perCluster",)),
    # Extended support is a surcharge on what every cluster costs.
    "cluster.extended": Product(
        service="AmazonEKS", usages=("AmazonEKS-Hours:perCluster", "AmazonEKS-Hours:extendedSupport")
    ),
    "key": Product(service="awskms", usages=("KMS-Keys",), unit="month"),
    "secret": Product(service="AWSSecretsManager", usages=("AWSSecretsManager-Secrets",), unit="month"),
    "zone": Product(service="AmazonRoute53", usages=("HostedZone",), unit="month", everywhere=True),
    "alarm.standard": Product(service="AmazonCloudWatch", usages=("CW:AlarmMonitorUsage",), unit="month"),
    "alarm.high-resolution": Product(service="AmazonCloudWatch", usages=("CW:HighResAlarmMonitorUsage",), unit="month"),
    "parameter.Advanced": Product(service="AWSSystemsManager", usages=("PS-Advanced-Param-Tier1",)),
}
# As engines and volumes are called by RDS, and by its part of the list.
_ENGINES = {"postgres": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}
_STORAGE = {
    "gp2": ("General Purpose", "RDS:GP2-Storage"),
    "gp3": ("General Purpose-GP3", "RDS:GP3-Storage"),
    "io1": ("Provisioned IOPS", "RDS:PIOPS-Storage"),
    "io2": ("Provisioned IOPS-IO2", "RDS:PIOPS-Storage-IO2"),
}
_CALLED = {"io1": "piops"}  # by usage types
_PERFORMANCE = {
    ("iops", "gp3"): "RDS:GP3-PIOPS",
    ("throughput", "gp3"): "RDS:GP3-Throughput",
    ("iops", "io1"): "RDS:PIOPS",
    ("iops", "io2"): "RDS:IO2-PIOPS",
}


def product_of(key: str) -> Product | None:
    """How the price at `key` is found; `None` where the list is not asked for it."""
    match key.split(".", 2):
        case ["machine", "on-demand", name]:
            return Product(service="AmazonEC2", attributes={**_MACHINE, "instanceType": name})
        case ["volume", kind, part]:
            return _volume(kind, part)
        case ["database", "storage", kind] if kind in _STORAGE:
            name, usage = _STORAGE[kind]
            family = {"productFamily": "Database Storage", "volumeType": name, "deploymentOption": "Single-AZ"}
            return Product(service="AmazonRDS", attributes=family, usages=(usage,), unit="GiB-month")
        case ["database", "iops" | "throughput" as part, kind] if (part, kind) in _PERFORMANCE:
            unit, family = "IOPS-month" if part == "iops" else "MiBps-month", {"deploymentOption": "Single-AZ"}
            usages = (_PERFORMANCE[part, kind],)
            return Product(service="AmazonRDS", attributes=family, usages=usages, unit=unit)
        case ["database", engine, kind] if engine in _ENGINES:
            family = {"productFamily": "Database Instance", "deploymentOption": "Single-AZ", "instanceType": kind}
            attributes = {**family, "databaseEngine": _ENGINES[engine]}
            return Product(service="AmazonRDS", attributes=attributes, usages=(f"InstanceUsage:{kind}",))
        case ["lustre", _, throughput]:
            attributes = {"fileSystemType": "Lustre", "storageType": "SSD", "throughputCapacity": throughput}
            return Product(service="AmazonFSx", attributes=attributes, unit="GiB-month")
        case _:
            return _PRODUCTS.get(key)


def wanted_prices(things: Things) -> frozenset[str]:
    """The keys of all prices that a stack's things are billed by, as far as the price list can be asked for them."""
    found = {key for thing in things for key in _of_thing(thing)}
    for group in machine_groups(things):
        found.update(_of_group(group))
    return frozenset(found)


def _volume(kind: str, part: str) -> Product | None:
    """The first tier of io2's IOPS: those above 32,000 cost less, as products of their own."""
    family, group, usage, unit = {
        "storage": ("Storage", "", "EBS:VolumeUsage", "GiB-month"),
        "iops": ("System Operation", "EBS IOPS", "EBS:VolumeP-IOPS", "IOPS-month"),
        "throughput": ("Provisioned Throughput", "", "EBS:VolumeP-Throughput", "MiBps-month"),
    }.get(part, ("", "", "", ""))
    attributes = {"productFamily": family, **({"group": group} if group else {}), "volumeApiName": kind}
    usages = (f"{usage}.{_CALLED.get(kind, kind)}",)
    return Product(service="AmazonEC2", attributes=attributes, usages=usages, unit=unit) if family else None


def _of_thing(thing: Thing) -> tuple[str, ...]:
    found = _OF_TYPES.get(thing.type, ())
    return found(thing.properties) if callable(found) else found


def _of_database(own: dict[Any, Any]) -> tuple[str, ...]:
    kind, storage = text(own, "instanceClass"), text(own, "storageType", "io1" if number(own, "iops") else "gp3")
    performance = (f"database.{part}.{storage}" for part in ("iops", "throughput"))
    asked = tuple(key for key in performance if product_of(key) is not None) if number(own, "iops") else ()
    return (f"database.{text(own, 'engine')}.{kind}", f"database.storage.{storage}", "secret", *asked)


def _of_lustre(own: dict[Any, Any]) -> tuple[str, ...]:
    throughput = number(own, "perUnitStorageThroughput", 0)
    return (f"lustre.{text(own, 'deploymentType', 'SCRATCH_1')}.{throughput}",) if throughput else ()


_OF_TYPES: dict[str, tuple[str, ...] | Callable[[dict[Any, Any]], tuple[str, ...]]] = {
    "aws:ec2/natGateway:NatGateway": ("nat-gateway",),
    "aws:ec2/eip:Eip": ("public-address",),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("vpc-endpoint.interface",),
    "aws:lb/loadBalancer:LoadBalancer": lambda own: (
        f"load-balancer.{text(own, 'loadBalancerType', 'application')}",
        "public-address",
    ),
    "aws:eks/cluster:Cluster": ("cluster.standard", "cluster.extended"),
    "aws:kms/key:Key": ("key",),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("alarm.standard", "alarm.high-resolution"),
    "aws:ec2/capacityReservation:CapacityReservation": lambda own: (f"machine.on-demand.{text(own, 'instanceType')}",),
    "aws:fsx/lustreFileSystem:LustreFileSystem": _of_lustre,
    "aws:rds/instance:Instance": _of_database,
    "aws:route53/zone:Zone": ("zone",),
    "aws:secretsmanager/secret:Secret": ("secret",),
    "aws:ssm/parameter:Parameter": ("parameter.Advanced",),
}


def _of_group(group: MachineGroup) -> Iterator[str]:
    for name in group.types if group.buying is not Buying.RESERVED else ():
        yield f"machine.on-demand.{name}"
        if group.buying is not Buying.ON_DEMAND:
            yield f"machine.spot.{name}"
    for disk in group.disks:
        if disk.kind:
            yield f"volume.{disk.kind}.storage"
            yield from [f"volume.{disk.kind}.iops"] if disk.kind in ("gp3", "io1", "io2") else []
            yield from [f"volume.{disk.kind}.throughput"] if disk.kind == "gp3" else []
    if group.public_addresses:
        yield "public-address"
