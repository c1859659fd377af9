"""The launch template: what every machine of a group is like, whatever its type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core.value import Properties
from mlinfra.core.volume_limits import impossible
from mlinfra.library import Block, Handle, Problem, Scope
from mlinfra.library.codes import Code
from mlinfra.library.outputs import Cluster

from .capacity import Capacity

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
    # How much of each there may be depends on the kind; `impossible` says what is wrong with both at once.
    iops: Annotated[
        int,
        Meta(
            description="operations a second: gp3 3000 to 80000, io1 100 to 64000, io2 100 to 256000, as far as the "
            "size allows; 0: what the kind comes with (gp3: 3000)",
            ge=0,
        ),
    ] = 0
    throughput: Annotated[
        int, Meta(description="MiB a second, gp3 only: 125 to 2000; 0: what it comes with (125)", ge=0)
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

    for limit in impossible(volume.type, volume.gib, volume.iops, volume.throughput):
        yield Problem(Code.VOLUME_PERFORMANCE, limit.summary, at=("volume", limit.field), hint=limit.hint)


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
