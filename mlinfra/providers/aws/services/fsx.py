"""FSx for Lustre: file systems that training reads from.

Calls and fields: FSx API reference, 2018-03-01. Names and replacement: Pulumi's AWS schema 7.51, without restores from
backups, tiered storage, log destinations and root squash. Where nothing is said of it, a last backup is taken of what
is backed up every day, and of nothing else: scratch file systems, and those linked to a bucket, cannot be.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.property import Property, Replace, block, boolean, integer, list_of, set_of, text
from mlinfra.core.resource_type import ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Tagging, Update, Waiting
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.ec2_network import SUBNET
from mlinfra.providers.aws.services.ec2_security_groups import SECURITY_GROUP
from mlinfra.providers.aws.template import TAG_KEYS, TAGS, call, dig, prop
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

LUSTRE_FILE_SYSTEM = "aws:fsx/lustreFileSystem:LustreFileSystem"

_ONCE = Replace.CREATE_FIRST
# Below `LustreConfiguration` in every call, and where DescribeFileSystems shows them.
_SETTINGS: dict[str, Property] = {
    "deploymentType": text(
        replace=_ONCE, default="SCRATCH_1", enum=["SCRATCH_1", "SCRATCH_2", "PERSISTENT_1", "PERSISTENT_2"]
    ),
    "perUnitStorageThroughput": integer(),
    "dataCompressionType": text(default="NONE", enum=["NONE", "LZ4"]),
    "automaticBackupRetentionDays": integer(default=0, minimum=0, maximum=90),
    "dailyAutomaticBackupStartTime": text(),
    "copyTagsToBackups": boolean(replace=_ONCE, default=False),
    "weeklyMaintenanceStartTime": text(),
    "driveCacheType": text(replace=_ONCE, enum=["NONE", "READ"]),
    "efaEnabled": boolean(replace=_ONCE, default=False),
    "importPath": text(replace=_ONCE),
    "exportPath": text(replace=_ONCE),
    "importedFileChunkSize": integer(replace=_ONCE),
    "autoImportPolicy": text(),
}
_LINKED = {"importPath": "ImportPath", "exportPath": "ExportPath", "importedFileChunkSize": "ImportedFileChunkSize"}
_CHANGEABLE = tuple(name for name, declared in _SETTINGS.items() if declared.replace is None)


def _api(name: str) -> str:
    return name[0].upper() + name[1:]


def _shown_at(name: str) -> str:
    if name in (*_LINKED, "autoImportPolicy"):
        return f"LustreConfiguration.DataRepositoryConfiguration.{_api(name)}"
    return f"LustreConfiguration.{_api(name)}"


def _file_systems(reader: Reader, wanted: Wanted) -> list[Item]:
    """One listing has those of all kinds."""
    listed = reader.pages("fsx", "DescribeFileSystems", "FileSystems")
    return [_with_state(item) for item in listed if item.get("FileSystemType") == "LUSTRE"]


def _look(work: Work) -> Item | None:
    found = work.call("DescribeFileSystems", FileSystemIds=[work.id])["FileSystems"]
    return _with_state(found[0]) if found else None


def _with_state(item: Item) -> Item:
    """A change that was begun shows in a list of actions, while the file system counts as available."""
    actions = [
        one
        for one in item.get("AdministrativeActions") or []
        if one["AdministrativeActionType"] == "FILE_SYSTEM_UPDATE"
    ]
    begun = any(one.get("Status") in ("PENDING", "IN_PROGRESS") for one in actions)
    return {**item, "State": "UPDATING" if begun and item["Lifecycle"] == "AVAILABLE" else item["Lifecycle"]}


def _why(item: Item) -> str:
    actions = [dig(one, "FailureDetails.Message") for one in item.get("AdministrativeActions") or []]
    return str(dig(item, "FailureDetails.Message") or next(filter(None, actions), ""))


def _update(work: Work) -> None:
    changed = work.changed_names
    settings = {_api(name): work.api(name) for name in _CHANGEABLE if name in changed}
    params = {_api(name): work.api(name) for name in ("storageCapacity", "fileSystemTypeVersion") if name in changed}
    if known := {name: value for name, value in settings.items() if value is not None}:
        params["LustreConfiguration"] = known
    work.call("UpdateFileSystem", FileSystemId=work.id, **params)


def _delete(work: Work) -> None:
    """Backups are for persistent file systems; of others AWS does not want to hear of them."""
    found = work.describe()
    if found is None or found["Lifecycle"] == "DELETING":
        return
    skip = work.value("skipFinalBackup")
    if skip is None:
        skip = not dig(found, "LustreConfiguration.AutomaticBackupRetentionDays")
    params: dict[str, Any] = {}
    if str(dig(found, "LustreConfiguration.DeploymentType")).startswith("PERSISTENT"):
        params["LustreConfiguration"] = {"SkipFinalBackup": skip}
    work.call("DeleteFileSystem", FileSystemId=work.id, **params)


def _lustre() -> dict[str, Any]:
    return {_api(name): prop(name) for name in _SETTINGS}


_LUSTRE = AwsType(
    about=ResourceType(
        token=LUSTRE_FILE_SYSTEM,
        irreplaceable="the files in it",
        inputs=block(
            {
                "subnetIds": list_of(text(refers=SUBNET), required=True, replace=_ONCE),
                "securityGroupIds": set_of(text(refers=SECURITY_GROUP), write_only=True, replace=_ONCE),
                "storageCapacity": integer(required=True, description="In GiB; it can grow, and never shrinks."),
                "storageType": text(replace=_ONCE, default="SSD", enum=["SSD", "HDD"]),
                "fileSystemTypeVersion": text(),
                "kmsKeyId": text(replace=_ONCE, refers="aws:kms/key:Key"),
                **_SETTINGS,
                "skipFinalBackup": boolean(write_only=True, description="Delete it without a last backup."),
                "tags": TAGS_PROPERTY,
            }
        ),
    ),
    service="fsx",
    id="FileSystemId",
    made="FileSystem.FileSystemId",
    create=call(
        "CreateFileSystem",
        "subnetIds",
        "securityGroupIds",
        "storageCapacity",
        "storageType",
        "fileSystemTypeVersion",
        "kmsKeyId",
        FileSystemType="LUSTRE",
        LustreConfiguration=_lustre(),
    ),
    reading=Reading(
        source=_file_systems,
        one=_look,
        outputs={
            **{name: _shown_at(name) for name in _SETTINGS},
            "arn": "ResourceARN",
            "dnsName": "DNSName",
            "mountName": "LustreConfiguration.MountName",
            "networkInterfaceIds": "NetworkInterfaceIds",
            "vpcId": "VpcId",
        },
    ),
    tagging=Tagging(
        form="list",
        creation={"Tags": TAGS},
        add=call("TagResource", ResourceARN=prop("arn"), Tags=TAGS),
        remove=call("UntagResource", ResourceARN=prop("arn"), TagKeys=TAG_KEYS),
    ),
    updates=(
        Update(("storageCapacity", "fileSystemTypeVersion", *_CHANGEABLE), _update),
        # Ours alone: it matters when the file system is deleted.
        Update(("skipFinalBackup",), ()),
    ),
    waiting=Waiting(
        state="State",
        ready=("AVAILABLE",),
        failed=("FAILED",),
        ill=("MISCONFIGURED", "MISCONFIGURED_UNAVAILABLE"),
        why=_why,
        every=15.0,
        limit=5400.0,
    ),
    delete=_delete,
)

TYPES = (_LUSTRE,)
