"""FSx for Lustre: states, tokens, changes and last backups, on moto's store of file systems.

https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateFileSystem.html (the same token gives the same file
system, with other parameters IncompatibleParameterError), API_UpdateFileSystem.html, API_DeleteFileSystem.html;
https://docs.aws.amazon.com/fsx/latest/LustreGuide/using-backups-fsx.html (2026).
"""

from __future__ import annotations

from typing import Any

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import hexadecimal, letters_and_digits, tag_list, tag_map
from mlinfra.sandbox.aws.keys import is_usable_key

_OF_REPOSITORY = ("ImportPath", "ExportPath", "ImportedFileChunkSize", "AutoImportPolicy")


class LustreFileSystems(Extension):
    """CreateFileSystem, DescribeFileSystems, UpdateFileSystem, DeleteFileSystem."""

    service = "fsx"

    def create_file_system(self, call: Call, proceed: Proceed) -> Answer:
        """Make one, which takes time."""
        token, systems = call.get("ClientRequestToken"), self._backend(call).file_systems
        twin = next((one for one in systems.values() if token and one.asked["ClientRequestToken"] == token), None)
        if twin is not None:
            if twin.asked != call.params:
                raise AwsError("IncompatibleParameterError", f"Another file system was made with the token {token}")
            return {"FileSystem": self._shown(twin)}
        self._check(call)
        before = set(systems)
        proceed()
        (made,) = set(systems) - before
        self._complete(call, systems[made])
        return {"FileSystem": self._shown(systems[made])}

    def describe_file_systems(self, call: Call, proceed: Proceed) -> Answer:
        """Those named must be there."""
        systems = self._backend(call).file_systems
        named = call.get("FileSystemIds") or list(systems)
        return {"FileSystems": [self._shown(self._system(call, name)) for name in named]}

    def update_file_system(self, call: Call, proceed: Proceed) -> Answer:
        """Change it, which takes time; it only ever grows."""
        system = self._system(call, call["FileSystemId"])
        size = call.get("StorageCapacity")
        if size is not None and size <= system.storage_capacity:
            raise AwsError("BadRequest", "StorageCapacity has to be greater than the current storage capacity")
        action = {"AdministrativeActionType": "FILE_SYSTEM_UPDATE", "Status": "PENDING"}
        system.actions.insert(0, action)
        asked = dict(call.params)

        def finish() -> None:
            system.storage_capacity = asked.get("StorageCapacity", system.storage_capacity)
            system.version = asked.get("FileSystemTypeVersion", system.version)
            system.lustre_configuration = _merged(system.lustre_configuration, asked.get("LustreConfiguration", {}))
            action["Status"] = "COMPLETED"

        self.account.timeline.after(self.account.pace.update, finish)
        return {"FileSystem": self._shown(system)}

    def delete_file_system(self, call: Call, proceed: Proceed) -> Answer:
        """Delete it, which takes time, with a last backup of what can be backed up unless that is to be skipped."""
        name, asked = call["FileSystemId"], call.get("LustreConfiguration", {})
        system = self._system(call, name)
        persistent = system.lustre_configuration["DeploymentType"].startswith("PERSISTENT")
        if "SkipFinalBackup" in asked and not persistent:
            raise AwsError("BadRequest", "Backups are not supported for scratch file systems")
        if persistent and not asked.get("SkipFinalBackup"):
            self._backend(call).create_backup(name, None, None, None)
        system.lifecycle = "DELETING"
        self.account.timeline.after(
            self.account.pace.deletion, lambda: self._backend(call).file_systems.pop(name, None)
        )
        return {"FileSystemId": name, "Lifecycle": "DELETING"}

    def _backend(self, call: Call) -> Any:
        return self.account.backend("fsx", call.region)

    def _system(self, call: Call, name: str) -> Any:
        systems = self._backend(call).file_systems
        if name not in systems:
            raise AwsError("FileSystemNotFound", f"File system '{name}' does not exist.")
        return systems[name]

    def _check(self, call: Call) -> None:
        ec2 = self.account.ec2(call.region)
        subnets = {key for by_zone in ec2.subnets.values() for key in by_zone}
        if unknown := [one for one in call["SubnetIds"] if one not in subnets]:
            raise AwsError("InvalidNetworkSettings", f"The subnet {unknown[0]} does not exist")
        groups = {key for some in ec2.groups.values() for key in some}
        if unknown := [one for one in call.get("SecurityGroupIds", []) if one not in groups]:
            raise AwsError("InvalidNetworkSettings", f"The security group {unknown[0]} does not exist")
        key = call.get("KmsKeyId", "")
        if key and not is_usable_key(self.account, call.region, key):
            raise AwsError("BadRequest", f"The KMS key {key} does not exist, or is not enabled")

    def _complete(self, call: Call, system: Any) -> None:
        """What moto does not keep."""
        asked = call.get("LustreConfiguration", {})
        standard = {"DeploymentType": "SCRATCH_1", "DataCompressionType": "NONE", "CopyTagsToBackups": False}
        name = "fsx" if asked.get("DeploymentType", "SCRATCH_1") == "SCRATCH_1" else letters_and_digits(8).lower()
        system.lustre_configuration = _merged({**standard, "MountName": name}, asked)
        system.storage_type = system.storage_type or "SSD"
        system.asked, system.actions = dict(call.params), []
        system.version = call.get("FileSystemTypeVersion", "2.15")
        system.lifecycle = "CREATING"
        system.interfaces = [f"eni-{hexadecimal()}"]
        self.account.timeline.after(self.account.pace.file_system, lambda: _settle(system))

    def _shown(self, system: Any) -> dict[str, Any]:
        ec2 = self.account.ec2(system.backend.region_name)
        subnets = {key: subnet for by_zone in ec2.subnets.values() for key, subnet in by_zone.items()}
        subnet = subnets.get(system.subnet_ids[0])
        tags = tag_map(system.backend.list_tags_for_resource(system.resource_arn))
        return {
            **{name: value for name, value in system.to_dict().items() if name != "SecurityGroupIds"},
            "Tags": tag_list(tags),
            "Lifecycle": system.lifecycle,
            "FileSystemTypeVersion": system.version,
            "AdministrativeActions": [dict(action) for action in system.actions],
            "NetworkInterfaceIds": system.interfaces,
            "OwnerId": self.account.id,
            "VpcId": subnet.vpc_id if subnet is not None else "",
        }


def _merged(before: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """Settings as they are shown: those of a linked bucket stand in a part of their own."""
    linked = {name: value for name, value in asked.items() if name in _OF_REPOSITORY}
    own = {name: value for name, value in asked.items() if name not in _OF_REPOSITORY}
    repository = {**before.get("DataRepositoryConfiguration", {}), **linked}
    return {**before, **own, **({"DataRepositoryConfiguration": repository} if repository else {})}


def _settle(system: Any) -> None:
    if system.lifecycle == "CREATING":
        system.lifecycle = "AVAILABLE"
