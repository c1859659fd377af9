"""The EFS driver: an access point for each claim, in the file system that the class of volumes names.

Called by `volumes` and `volume_reclaim`. Parameters, tags and handles are those of kubernetes-sigs/aws-efs-csi-driver
v2.1 (README, "Storage class parameters for dynamic provisioning"; pkg/driver/controller.go; read November 2026).
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.controllers import programs
from mlinfra.sandbox.kubernetes.controllers.catalog import VOLUME
from mlinfra.sandbox.kubernetes.controllers.cloud import AccessPoint, CloudError
from mlinfra.sandbox.kubernetes.controllers.cluster import Cluster
from mlinfra.sandbox.kubernetes.controllers.csi import Driver, mark_of, token_of, volume_of
from mlinfra.sandbox.kubernetes.values import Object, at

NAME = "efs.csi.aws.com"
_FIRST, _LAST = 50_000, 7_000_000  # of the groups that it gives out, unless the class says otherwise


def make(cluster: Cluster, claim: Object, storage: Object, node: str | None) -> Object:
    """The volume of a claim. It has no size: a file system of EFS is as large as what is in it."""
    given = {key.lower(): str(value) for key, value in (storage.get("parameters") or {}).items()}
    if given.get("provisioningmode") != "efs-ap":
        mode = given.get("provisioningmode", "")
        raise CloudError("InvalidArgument", f'Provisioning mode "{mode}" is not supported: Only efs-ap is')
    if not given.get("filesystemid"):
        raise CloudError("InvalidArgument", "Missing fileSystemId parameter")
    group = _group(cluster, given)
    point = AccessPoint(
        token=token_of(claim),
        file_system=given["filesystemid"],
        path=f"{given.get('basepath', '').rstrip('/')}/{token_of(claim)}",
        permissions=given.get("directoryperms", "700"),
        user=int(given.get("uid", group)),
        group=int(given.get("gid", group)),
        tags={"efs.csi.aws.com/cluster": "true", **mark_of(cluster, programs.EFS_DRIVER)},
    )
    handle = f"{point.file_system}::{cluster.cloud.ensure_access_point(point)}"
    asked = str(at(claim, ("spec", "resources", "requests", "storage"), "1Gi"))
    return volume_of(claim, storage, asked, {"driver": NAME, "volumeHandle": handle})


def remove(cluster: Cluster, volume: Object) -> None:
    """Delete the access point; what was written stays in the file system."""
    cluster.cloud.delete_access_point(str(volume["spec"]["csi"]["volumeHandle"]).rpartition("::")[2])


def _group(cluster: Cluster, given: dict[str, str]) -> int:
    """The first that no volume has."""
    volumes = cluster.peek(VOLUME)
    number = len([one for one in volumes if at(one, ("spec", "csi", "driver")) == NAME])
    first, last = int(given.get("gidrangestart", _FIRST)), int(given.get("gidrangeend", _LAST))
    if first + number > last:
        raise CloudError("Internal", f"Failed to locate a free GID for given file system {given['filesystemid']}")
    return first + number


DRIVER = Driver(
    provisioners=(NAME,),
    program=programs.EFS_DRIVER,
    component=f"{NAME}_efs-csi-controller",
    make=make,
    remove=remove,
)
