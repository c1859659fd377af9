"""The FSx driver: a file system of FSx for Lustre for each claim, which takes minutes to come.

Called by `volumes` and `volume_reclaim`. Parameters, tags and handles are those of
kubernetes-sigs/aws-fsx-csi-driver v1.9 (examples/kubernetes/dynamic_provisioning; pkg/driver/controller.go; read
November 2026). Sizes: FSx API reference, CreateFileSystem, StorageCapacity.
"""

from __future__ import annotations

from typing import Any

from mlinfra.sandbox.kubernetes.controllers import programs
from mlinfra.sandbox.kubernetes.controllers.cloud import CloudError, Lustre
from mlinfra.sandbox.kubernetes.controllers.cluster import Cluster
from mlinfra.sandbox.kubernetes.controllers.csi import GIB, Driver, asked_size, mark_of, token_of, volume_of
from mlinfra.sandbox.kubernetes.values import Object

NAME = "fsx.csi.aws.com"
_SMALLEST, _STEP = 1200, 2400  # GiB
_SETTINGS = {
    "deploymenttype": "DeploymentType",
    "perunitstoragethroughput": "PerUnitStorageThroughput",
    "datacompressiontype": "DataCompressionType",
    "automaticbackupretentiondays": "AutomaticBackupRetentionDays",
}


def make(cluster: Cluster, claim: Object, storage: Object, node: str | None) -> Object | None:
    """The volume of a claim, once its file system is there."""
    given = {key.lower(): str(value) for key, value in (storage.get("parameters") or {}).items()}
    if not given.get("subnetid"):
        raise CloudError("InvalidArgument", "the class of volumes names no subnetId")
    wanted = Lustre(
        token=token_of(claim),
        size=_size(-(-asked_size(claim) // GIB)),
        subnet=given["subnetid"],
        security_groups=[one.strip() for one in given.get("securitygroupids", "").split(",") if one.strip()],
        storage=given.get("storagetype", "SSD"),
        settings={name: _setting(given[key]) for key, name in _SETTINGS.items() if key in given},
        tags=_tags(cluster, claim, given),
    )
    found = cluster.cloud.ensure_file_system(wanted)
    if not found.ready:
        return None
    attributes = {"dnsname": found.dns_name, "mountname": found.mount_name}
    csi = {"driver": NAME, "volumeHandle": found.id, "volumeAttributes": attributes}
    return volume_of(claim, storage, f"{wanted.size}Gi", csi)


def remove(cluster: Cluster, volume: Object) -> None:
    """Delete the file system, with what is in it."""
    cluster.cloud.delete_file_system(volume["spec"]["csi"]["volumeHandle"])


def _size(asked: int) -> int:
    """What FSx sells: 1.2 TiB, or a multiple of 2.4."""
    return _SMALLEST if asked <= _SMALLEST else -(-asked // _STEP) * _STEP


def _setting(text: str) -> Any:
    return int(text) if text.isdigit() else text


def _tags(cluster: Cluster, claim: Object, given: dict[str, str]) -> dict[str, str]:
    """Its own, those of the class, and that of the cluster where a chart of ours tells it."""
    pairs = [one.partition("=") for one in given.get("extratags", "").split(",") if "=" in one]
    return {
        "CSIVolumeName": token_of(claim),
        **{key: value for key, _, value in pairs},
        **mark_of(cluster, programs.FSX_DRIVER),
    }


DRIVER = Driver(
    provisioners=(NAME,),
    program=programs.FSX_DRIVER,
    component=f"{NAME}_fsx-csi-controller",
    make=make,
    remove=remove,
)
