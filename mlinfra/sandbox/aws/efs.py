"""EFS: calls that moto lacks, states, tokens of access points, and what must be there.

https://docs.aws.amazon.com/efs/latest/ug/API_CreateFileSystem.html (a token that was used is refused),
API_CreateAccessPoint.html, API_DeleteFileSystem.html, API_PutBackupPolicy.html and API_UpdateFileSystem.html (2026).
"""

from __future__ import annotations

from typing import Any

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import page
from mlinfra.sandbox.aws.keys import is_usable_key


class ElasticFileSystems(Extension):
    """File systems, mount targets, access points and backup policies."""

    service = "efs"

    def create_file_system(self, call: Call, proceed: Proceed) -> Answer:
        """Make one, which takes time."""
        key = call.get("KmsKeyId", "")
        if key and not key.startswith("alias/aws/") and not is_usable_key(self.account, call.region, key):
            raise AwsError("BadRequest", f"The KMS key {key} does not exist, or is not enabled")
        mode, measure = call.get("ThroughputMode"), call.get("ProvisionedThroughputInMibps")
        if (mode == "provisioned") != (measure is not None):
            raise AwsError("BadRequest", "ProvisionedThroughputInMibps goes with ThroughputMode provisioned")
        proceed()
        backend = self._backend(call)
        made = next(one for one in backend.file_systems_by_id.values() if one.creation_token == call["CreationToken"])
        if made.encrypted and not made.kms_key_id:
            made.kms_key_id = self.account.arn("kms", "key/aws-elasticfilesystem", region=call.region)
        self._take_time(made, self.account.pace.file_system)
        shown: Answer = made.info_json()
        return shown

    def describe_file_systems(self, call: Call, proceed: Proceed) -> Answer:
        """moto wants a token or an id where AWS lists everything, and counts pages by contents."""
        if call.get("CreationToken") or call.get("FileSystemId"):
            return proceed()
        found = [one.info_json() for one in self._backend(call).file_systems_by_id.values()]
        part, marker = page(found, call.get("MaxItems"), call.get("Marker"))
        return {"FileSystems": part, **({"NextMarker": marker} if marker else {})}

    def update_file_system(self, call: Call, proceed: Proceed) -> Answer:
        """Change how fast it is."""
        system = self._system(call)
        if system.life_cycle_state != "available":
            raise AwsError("IncorrectFileSystemLifeCycleState", f"it is {system.life_cycle_state}", status=409)
        system.throughput_mode = call.get("ThroughputMode", system.throughput_mode)
        system.provisioned_throughput_in_mibps = call.get("ProvisionedThroughputInMibps")
        answer = {**system.info_json(), "LifeCycleState": "updating"}
        self._take_time(system, self.account.pace.update, "updating")
        return answer

    def delete_file_system(self, call: Call, proceed: Proceed) -> Answer:
        """Not while it has mount targets; its access points go with it."""
        self._system(call)
        answer = proceed()
        points = self._backend(call).access_points
        for key in [key for key, point in points.items() if point.file_system_id == call["FileSystemId"]]:
            del points[key]
        return answer

    def create_mount_target(self, call: Call, proceed: Proceed) -> Answer:
        """Only where the file system is available; the default security group where none is named."""
        system = self._system(call)
        if system.life_cycle_state != "available":
            raise AwsError("IncorrectFileSystemLifeCycleState", f"it is {system.life_cycle_state}", status=409)
        proceed()
        made = next(
            one
            for one in self._backend(call).mount_targets_by_id.values()
            if one.file_system_id == call["FileSystemId"] and one.subnet_id == call["SubnetId"]
        )
        if not made.security_groups:
            made.security_groups = [self.account.ec2(call.region).get_default_security_group(made.vpc_id).id]
        self._take_time(made, self.account.pace.file_system)
        shown: Answer = made.info_json()
        return shown

    def create_access_point(self, call: Call, proceed: Proceed) -> Answer:
        """The same token gives the same one."""
        self._system(call)
        points = self._backend(call).access_points.values()
        twin = next((one for one in points if one.client_token == call.get("ClientToken")), None)
        if twin is not None:
            raise AwsError(
                "AccessPointAlreadyExists",
                f"An access point already exists with creation token {twin.client_token}",
                details={"AccessPointId": twin.access_point_id},
            )
        return proceed()

    def delete_access_point(self, call: Call, proceed: Proceed) -> Answer:
        """One that is there."""
        name = call["AccessPointId"]
        if name not in self._backend(call).access_points:
            raise AwsError("AccessPointNotFound", f"Access Point {name} does not exist.", status=404)
        return proceed()

    def put_backup_policy(self, call: Call, proceed: Proceed) -> Answer:
        """Back it up, or do not."""
        self._system(call)._backup = call["BackupPolicy"]["Status"] == "ENABLED"
        return {"BackupPolicy": {"Status": call["BackupPolicy"]["Status"]}}

    def describe_backup_policy(self, call: Call, proceed: Proceed) -> Answer:
        """Whether it is backed up."""
        return {"BackupPolicy": {"Status": "ENABLED" if self._system(call)._backup else "DISABLED"}}

    def describe_lifecycle_configuration(self, call: Call, proceed: Proceed) -> Answer:
        """Of one that is there."""
        return {"LifecyclePolicies": self._system(call).lifecycle_policies}

    def describe_access_points(self, call: Call, proceed: Proceed) -> Answer:
        """Without the parts that nobody gave."""
        points = self._backend(call).access_points
        named, system = call.get("AccessPointId"), call.get("FileSystemId")
        if named and named not in points:
            raise AwsError("AccessPointNotFound", f"Access Point {named} does not exist.", status=404)
        found = [
            {name: value for name, value in one.info_json().items() if value is not None}
            for one in points.values()
            if named in (None, one.access_point_id) and system in (None, one.file_system_id)
        ]
        return {"AccessPoints": found}

    def _backend(self, call: Call) -> Any:
        return self.account.backend("efs", call.region)

    def _system(self, call: Call) -> Any:
        name, systems = call["FileSystemId"], self._backend(call).file_systems_by_id
        if name not in systems:
            raise AwsError("FileSystemNotFound", f"File system '{name}' does not exist.", status=404)
        return systems[name]

    def _take_time(self, made: Any, seconds: float, state: str = "creating") -> None:
        made.life_cycle_state = state
        self.account.timeline.after(seconds, lambda: setattr(made, "life_cycle_state", "available"))
