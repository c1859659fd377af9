"""The launch template: what every machine of a group is like, whatever its type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core.value import Properties
from mlinfra.library import Block, Handle, Problem, Scope
from mlinfra.library.codes import Code
from mlinfra.library.outputs import Cluster

from .capacity import Capacity

# EBS user guide, "gp3 volumes" and "Provisioned IOPS SSD" (November 2026): IOPS for each GiB, and MiB/s for each IOPS.
_IOPS_PER_GIB = {"gp3": 500, "io1": 50, "io2": 1000}
_THROUGHPUT_PER_IOPS = 0.25
_BASE_IOPS = 3000
_GIB = {"Gi": 1, "Ti": 1024}
# What EKS's images of Amazon Linux 2023 are snapshots of, with drivers of accelerators or without; EC2 starts none with
# less (awslabs/amazon-eks-ami, templates/al2023, `launch_block_device_mappings_volume_size`, November 2026).
_IMAGE_GIB = 20
ROOT_DEVICE = "/dev/xvda"


class Volume(Block, frozen=True, kw_only=True):
    """A node's disk, which holds images and scratch data. Always encrypted."""

    size: Annotated[str, Meta(description="how large", pattern=r"^[1-9][0-9]{0,4}(Gi|Ti)$", examples=["100Gi"])] = (
        "100Gi"
    )
    type: Annotated[Literal["gp3", "gp2", "io1", "io2"], Meta(description="the kind of EBS volume")] = "gp3"
    iops: Annotated[
        int, Meta(description="operations a second; 0: what the kind comes with (gp3: 3000)", ge=0, le=256000)
    ] = 0
    throughput: Annotated[
        int, Meta(description="MiB a second, gp3 only; 0: what it comes with (125)", ge=0, le=2000)
    ] = 0

    @property
    def gib(self) -> int:
        """Its size in GiB."""
        return int(self.size[:-2]) * _GIB[self.size[-2:]]


def volume_problems(volume: Volume) -> Iterator[Problem]:
    """A size that holds no image, and performance that the volume's kind cannot have."""
    if volume.gib < _IMAGE_GIB:
        summary = f"{volume.size} are less than the {_IMAGE_GIB}Gi of the image that nodes start from"
        yield Problem(Code.VOLUME_SIZE, summary, at=("volume", "size"), hint=f"choose {_IMAGE_GIB}Gi or more")

    def problem(summary: str, field: str, hint: str) -> Problem:
        return Problem(Code.VOLUME_PERFORMANCE, summary, at=("volume", field), hint=hint)

    if volume.throughput and volume.type != "gp3":
        yield problem(f"the throughput of {volume.type} cannot be chosen", "throughput", "use gp3, or take it out")
    elif 0 < volume.throughput < 125:
        yield problem("gp3 has 125 MiB a second at least", "throughput", "choose 125 or more")
    elif volume.throughput > _THROUGHPUT_PER_IOPS * (volume.iops or _BASE_IOPS):
        summary = f"{volume.throughput} MiB a second need {volume.throughput * 4} IOPS"
        yield problem(summary, "throughput", "raise iops, or lower throughput")
    if volume.type == "gp2":
        if volume.iops:
            yield problem("the IOPS of gp2 follow from its size", "iops", "use gp3, or take it out")
    elif volume.iops > (most := _IOPS_PER_GIB[volume.type] * volume.gib):
        yield problem(f"{volume.size} of {volume.type} have {most} IOPS at most", "iops", "raise size, or lower iops")
    elif volume.type == "gp3" and 0 < volume.iops < _BASE_IOPS:
        yield problem("gp3 has 3000 IOPS at least", "iops", "choose 3000 or more")
    elif volume.type in {"io1", "io2"} and not volume.iops:
        yield problem(f"{volume.type} needs its IOPS", "iops", "add iops, or use gp3")


def plain_interface(cluster: Cluster, *, public: bool) -> Properties:
    """The one interface of a machine without EFA."""
    return {
        "deviceIndex": 0,
        "associatePublicIpAddress": "true" if public else "false",
        "deleteOnTermination": "true",
        "securityGroups": [cluster.security_group_id],
    }


def add_launch_template(
    scope: Scope,
    volume: Volume,
    capacity: Capacity,
    interfaces: list[Properties],
    placement: Handle | None,
    own: Properties,
) -> Handle:
    """Add it; `own` is what EKS adds itself where the group is EKS's.

    Tags of the stack are no part of its data, so that changing one rolls no node.
    """
    properties: Properties = {
        **own,
        "updateDefaultVersion": True,
        # Version 2 of the metadata service only, and one hop: pods cannot take the node's identity.
        "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
        "blockDeviceMappings": [{"deviceName": ROOT_DEVICE, "ebs": _disk(volume)}],
        "networkInterfaces": interfaces,
    }
    if capacity.reservation:
        target = {"capacityReservationId": capacity.reservation}
        properties["capacityReservationSpecification"] = {"capacityReservationTarget": target}
    if placement is not None:
        properties["placement"] = {"groupName": placement["name"]}
    return scope.add("launch-template", "aws:ec2/launchTemplate:LaunchTemplate", properties)


def _disk(volume: Volume) -> Properties:
    return {
        "volumeSize": volume.gib,
        "volumeType": volume.type,
        "encrypted": "true",
        "deleteOnTermination": "true",
        **({"iops": volume.iops} if volume.iops else {}),
        **({"throughput": volume.throughput} if volume.throughput else {}),
    }
