"""File systems of one cluster's claims: access points of EFS, file systems of FSx for Lustre, on the account's own.

`cluster_cloud` calls it, under the account's lock. What is asked goes the way of the account's API, through the
extensions that answer it, so that it is refused and takes time as it would for anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import AwsError, Call, Params
from mlinfra.sandbox.aws.efs import ElasticFileSystems
from mlinfra.sandbox.aws.fsx import LustreFileSystems
from mlinfra.sandbox.aws.identity import tag_list
from mlinfra.sandbox.kubernetes.controllers.cloud import AccessPoint, FileSystem, Lustre

_ROOT = "RootDirectory"


class FileSystems:
    """Those that claims of one cluster have."""

    def __init__(self, account: Account, region: str) -> None:
        self._account, self._region = account, region
        self._efs, self._fsx = ElasticFileSystems(account), LustreFileSystems(account)

    def access_point(self, wanted: AccessPoint) -> str:
        """Make an access point, or find it by its token; gives its id."""
        points = self._account.backend("efs", self._region).access_points
        for name, point in points.items():
            if point.client_token == wanted.token:
                return str(name)
        owner = {"OwnerUid": wanted.user, "OwnerGid": wanted.group, "Permissions": wanted.permissions}
        params: Params = {
            "ClientToken": wanted.token,
            "FileSystemId": wanted.file_system,
            "PosixUser": {"Uid": wanted.user, "Gid": wanted.group},
            _ROOT: {"Path": wanted.path, "CreationInfo": owner},
            "Tags": tag_list(wanted.tags),
        }
        before = set(points)
        self._efs.create_access_point(self._call("efs", "CreateAccessPoint", params), lambda: self._point(params))
        (made,) = set(points) - before
        return str(made)

    def _point(self, params: Params) -> None:
        self._account.backend("efs", self._region).create_access_point(
            client_token=params["ClientToken"],
            tags=params["Tags"],
            file_system_id=params["FileSystemId"],
            posix_user=params["PosixUser"],
            root_directory=params[_ROOT],
        )

    def drop_access_point(self, name: str) -> None:
        """Delete an access point, if it is there."""
        self._account.backend("efs", self._region).access_points.pop(name, None)

    def lustre(self, wanted: Lustre) -> FileSystem:
        """Make a file system, or find it by its token."""
        params: Params = {
            "ClientRequestToken": wanted.token,
            "FileSystemType": "LUSTRE",
            "StorageCapacity": wanted.size,
            "StorageType": wanted.storage,
            "SubnetIds": [wanted.subnet],
            "SecurityGroupIds": list(wanted.security_groups),
            "LustreConfiguration": dict(wanted.settings),
            "Tags": tag_list(wanted.tags),
        }
        call = self._call("fsx", "CreateFileSystem", params)
        found: Mapping[str, Any] = self._fsx.create_file_system(call, lambda: self._lustre(params))["FileSystem"]
        if found["Lifecycle"] == "FAILED":
            raise AwsError("Internal", f"Unexpected state for filesystem {found['FileSystemId']}: FAILED")
        return FileSystem(
            id=str(found["FileSystemId"]),
            ready=found["Lifecycle"] == "AVAILABLE",
            dns_name=str(found.get("DNSName") or f"{found['FileSystemId']}.fsx.{self._region}.amazonaws.com"),
            mount_name=str(found["LustreConfiguration"]["MountName"]),
        )

    def _lustre(self, params: Params) -> None:
        self._account.backend("fsx", self._region).create_file_system(
            client_request_token=params["ClientRequestToken"],
            file_system_type=params["FileSystemType"],
            storage_capacity=params["StorageCapacity"],
            storage_type=params["StorageType"],
            subnet_ids=params["SubnetIds"],
            security_group_ids=params["SecurityGroupIds"],
            tags=params["Tags"],
            kms_key_id=None,
            windows_configuration=None,
            lustre_configuration=params["LustreConfiguration"],
            ontap_configuration=None,
            file_system_type_version=None,
            open_zfs_configuration=None,
        )

    def drop_lustre(self, name: str) -> None:
        """Delete a file system of FSx, if it is there and not going already."""
        found = self._account.backend("fsx", self._region).file_systems.get(name)
        if found is not None and found.lifecycle != "DELETING":
            call = self._call("fsx", "DeleteFileSystem", {"FileSystemId": name})
            self._fsx.delete_file_system(call, lambda: None)

    def _call(self, service: str, operation: str, params: Params) -> Call:
        return Call(service=service, operation=operation, params=params, account=self._account.id, region=self._region)
