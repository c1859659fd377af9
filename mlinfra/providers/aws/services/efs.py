"""EFS: file systems, where they are mounted, how they are entered, and whether they are backed up.

Calls and fields: EFS API reference, 2015-02-01. Names and replacement: Pulumi's AWS schema 7.51, without replication
overwrite protection and IPv6. The creation token is ours: a token that is used again is refused with the file system
that has it.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.errors import NotFound
from mlinfra.core.property import Property, Replace, block, boolean, integer, list_of, number, set_of, text
from mlinfra.core.resource_type import Exclusive, OwnedBy, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Tagging, Update, Waiting
from mlinfra.providers.aws.listing import parents
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.canonical import ordered_by
from mlinfra.providers.aws.services.ec2_network import SUBNET
from mlinfra.providers.aws.services.ec2_security_groups import SECURITY_GROUP
from mlinfra.providers.aws.services.together import all_of, needed_with, only_with
from mlinfra.providers.aws.template import ID, TAG_KEYS, TAGS, call
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

FILE_SYSTEM = "aws:efs/fileSystem:FileSystem"
MOUNT_TARGET = "aws:efs/mountTarget:MountTarget"
ACCESS_POINT = "aws:efs/accessPoint:AccessPoint"
BACKUP_POLICY = "aws:efs/backupPolicy:BackupPolicy"

# API reference, "LifecyclePolicy" (November 2026).
_AGES = [f"AFTER_{days}_DAY{'S' if days > 1 else ''}" for days in (1, 7, 14, 30, 60, 90, 180, 270, 365)]

_TAGGING = Tagging(
    form="list",
    creation={"Tags": TAGS},
    add=call("TagResource", ResourceId=ID, Tags=TAGS),
    remove=call("UntagResource", ResourceId=ID, TagKeys=TAG_KEYS),
)
_WAITING = Waiting(
    state="LifeCycleState",
    ready=("available",),
    failed=("error",),
    why=lambda item: str(item.get("LifeCycleStateMessage", "")),
    limit=1800.0,
)
_GONE = {"LifeCycleState": ("deleted",)}


def _with_lifecycle(reader: Reader, item: Item) -> Item:
    about = {"FileSystemId": item["FileSystemId"]}
    policies = reader.one("efs", "DescribeLifecycleConfiguration", about, item["FileSystemId"])["LifecyclePolicies"]
    return {**item, "LifecyclePolicies": policies}


def _resize(work: Work) -> None:
    """The mode and its measure go together; a measure without its mode is refused."""
    mode = work.value("throughputMode")
    measure = (
        {"ProvisionedThroughputInMibps": work.api("provisionedThroughputInMibps")} if mode == "provisioned" else {}
    )
    work.call("UpdateFileSystem", FileSystemId=work.id, ThroughputMode=mode or "bursting", **measure)


def _live(work: Work) -> None:
    policies = work.api("lifecyclePolicies") or []
    work.call("PutLifecycleConfiguration", FileSystemId=work.id, LifecyclePolicies=policies)


_POLICY = block(
    {
        "transitionToIa": text(enum=_AGES),
        "transitionToPrimaryStorageClass": text(enum=["AFTER_1_ACCESS"]),
        "transitionToArchive": text(enum=_AGES),
    },
    description="One transition in each.",
)

_FILE_SYSTEM = AwsType(
    about=ResourceType(
        token=FILE_SYSTEM,
        irreplaceable="the files in it",
        inputs=block(
            {
                "availabilityZoneName": text(replace=Replace.CREATE_FIRST),
                "encrypted": boolean(replace=Replace.CREATE_FIRST, default=False),
                "kmsKeyId": text(replace=Replace.CREATE_FIRST, refers="aws:kms/key:Key"),
                "performanceMode": text(
                    replace=Replace.CREATE_FIRST, default="generalPurpose", enum=["generalPurpose", "maxIO"]
                ),
                "throughputMode": text(default="bursting", enum=["bursting", "provisioned", "elastic"]),
                "provisionedThroughputInMibps": number(default=None),
                "lifecyclePolicies": list_of(
                    _POLICY,
                    default=[],
                    canonical=ordered_by("transitionToIa", "transitionToPrimaryStorageClass", "transitionToArchive"),
                ),
                "tags": TAGS_PROPERTY,
            }
        ),
    ),
    service="efs",
    id="FileSystemId",
    made="FileSystemId",
    names={"lifecyclePolicies[].transitionToIa": "TransitionToIA"},
    create=call(
        "CreateFileSystem",
        "availabilityZoneName",
        "encrypted",
        "kmsKeyId",
        "performanceMode",
        "throughputMode",
        "provisionedThroughputInMibps",
    ),
    reading=Reading(
        listing=call("DescribeFileSystems"),
        items="FileSystems",
        details=_with_lifecycle,
        one=call("DescribeFileSystems", FileSystemId=ID),
        outputs={
            "arn": "FileSystemArn",
            "availabilityZoneId": "AvailabilityZoneId",
            "dnsName": "{id}.efs.{region}.amazonaws.com",
        },
        absent=_GONE,
    ),
    tagging=_TAGGING,
    updates=(
        Update(("throughputMode", "provisionedThroughputInMibps"), _resize),
        Update(("lifecyclePolicies",), _live),
    ),
    waiting=_WAITING,
    delete=call("DeleteFileSystem", FileSystemId=ID),
    conflicts=r"FileSystemInUse|IncorrectFileSystemLifeCycleState",
    # EFS API reference, CreateFileSystem (November 2026).
    against=all_of(
        needed_with("throughputMode", "provisioned", "provisionedThroughputInMibps"),
        only_with("throughputMode", {"provisionedThroughputInMibps": "provisioned"}, default="bursting"),
    ),
)


def _file_systems(kind: AwsType, reader: Reader, wanted: Wanted) -> list[str]:
    """Ours, and those that keys and ids of interest name."""
    there = {one["FileSystemId"] for one in reader.pages("efs", "DescribeFileSystems", "FileSystems")}
    return sorted((parents(kind, reader, wanted) | wanted.interest.names) & there)


def _mount_targets(reader: Reader, wanted: Wanted) -> list[Item]:
    """AWS lists those of one file system at a time."""

    def read(system: str) -> list[Item]:
        try:
            return reader.pages("efs", "DescribeMountTargets", "MountTargets", {"FileSystemId": system})
        except NotFound:  # gone meanwhile, and all that was in it
            return []

    below = [one for some in reader.each(read, _file_systems(_MOUNT_TARGET, reader, wanted)) for one in some]
    seen = {one["MountTargetId"] for one in below}
    return below + [one for name in sorted(wanted.interest.ids - seen) for one in _mount_target(reader, name)]


def _mount_target(reader: Reader, id: str) -> list[Item]:
    try:
        found: list[Item] = reader.one("efs", "DescribeMountTargets", {"MountTargetId": id}, id)["MountTargets"]
    except NotFound:
        return []
    return found


def _with_groups(reader: Reader, item: Item) -> Item | None:
    about = {"MountTargetId": item["MountTargetId"]}
    answer = reader.one("efs", "DescribeMountTargetSecurityGroups", about, item["MountTargetId"])
    return {**item, "SecurityGroups": answer["SecurityGroups"]}


_MOUNT_TARGET = AwsType(
    about=ResourceType(
        token=MOUNT_TARGET,
        inputs=block(
            {
                "fileSystemId": text(required=True, replace=Replace.DELETE_FIRST, refers=FILE_SYSTEM),
                # There is at most one in a zone, and all are in one network.
                "subnetId": text(required=True, replace=Replace.DELETE_FIRST, refers=SUBNET),
                "ipAddress": text(replace=Replace.DELETE_FIRST),
                "securityGroups": set_of(text(refers=SECURITY_GROUP)),
            }
        ),
        key=("fileSystemId", "subnetId"),
        owned_by=OwnedBy.PARENT,
        parent="fileSystemId",
        exclusive=Exclusive(
            of=FILE_SYSTEM,
            by="{fileSystemId}",
            said=lambda target: f"has a mount target in {target['subnetId']}",
            holds=True,
        ),
    ),
    service="efs",
    id="MountTargetId",
    made="MountTargetId",
    create=call("CreateMountTarget", "fileSystemId", "subnetId", "ipAddress", "securityGroups"),
    reading=Reading(
        source=_mount_targets,
        details=_with_groups,
        one=call("DescribeMountTargets", MountTargetId=ID),
        item="MountTargets[0]",
        outputs={
            "availabilityZoneId": "AvailabilityZoneId",
            "availabilityZoneName": "AvailabilityZoneName",
            "networkInterfaceId": "NetworkInterfaceId",
            "dnsName": "{fileSystemId}.efs.{region}.amazonaws.com",
        },
        absent=_GONE,
    ),
    updates=(
        Update(("securityGroups",), (call("ModifyMountTargetSecurityGroups", "securityGroups", MountTargetId=ID),)),
    ),
    waiting=_WAITING,
    delete=call("DeleteMountTarget", MountTargetId=ID),
    conflicts=r"DependencyTimeout|IncorrectMountTargetState",
)


def _fixed(fields: dict[str, Property]) -> Property:
    return block(fields, replace=Replace.CREATE_FIRST)


_ACCESS_POINT = AwsType(
    about=ResourceType(
        token=ACCESS_POINT,
        inputs=block(
            {
                "fileSystemId": text(required=True, replace=Replace.CREATE_FIRST, refers=FILE_SYSTEM),
                "posixUser": _fixed(
                    {
                        "gid": integer(minimum=0, maximum=4294967295, required=True),
                        "uid": integer(minimum=0, maximum=4294967295, required=True),
                        "secondaryGids": set_of(integer()),
                    }
                ),
                "rootDirectory": _fixed(
                    {
                        "path": text(default="/"),
                        "creationInfo": block(
                            {
                                "ownerGid": integer(minimum=0, maximum=4294967295, required=True),
                                "ownerUid": integer(minimum=0, maximum=4294967295, required=True),
                                "permissions": text(required=True),
                            }
                        ),
                    }
                ),
                "tags": TAGS_PROPERTY,
            }
        ),
    ),
    service="efs",
    id="AccessPointId",
    made="AccessPointId",
    create=call("CreateAccessPoint", "fileSystemId", "posixUser", "rootDirectory"),
    reading=Reading(
        listing=call("DescribeAccessPoints"),
        items="AccessPoints",
        one=call("DescribeAccessPoints", AccessPointId=ID),
        outputs={
            "arn": "AccessPointArn",
            "fileSystemArn": "arn:{partition}:elasticfilesystem:{region}:{account}:file-system/{fileSystemId}",
        },
        absent=_GONE,
    ),
    tagging=_TAGGING,
    waiting=_WAITING,
    delete=call("DeleteAccessPoint", AccessPointId=ID),
)


def _policies(reader: Reader, wanted: Wanted) -> list[Item]:
    asked = wanted.interest.ids | wanted.interest.names
    systems = _file_systems(_BACKUP_POLICY, reader, wanted)
    return [{"FileSystemId": system, "Asked": system in asked} for system in systems]


def _backed_up(answer: Any) -> bool:
    return str(answer["BackupPolicy"]["Status"]).startswith("ENABL")


def _read_policy(reader: Reader, item: Item) -> Item | None:
    """A file system that is not backed up has no policy, unless the stack asks for just that."""
    if "Asked" not in item:
        return item
    about = {"FileSystemId": item["FileSystemId"]}
    answer = reader.one("efs", "DescribeBackupPolicy", about, item["FileSystemId"])
    return {**answer, **about} if item["Asked"] or _backed_up(answer) else None


def _policy(work: Work) -> Item | None:
    answer = work.call("DescribeBackupPolicy", FileSystemId=work.id)
    asked = work.properties.get("backupPolicy", {}).get("status") == "DISABLED"
    there = asked or _backed_up(answer) or work.prior is not None
    return {**answer, "FileSystemId": work.id} if there else None


_PUT = call("PutBackupPolicy", "fileSystemId", "backupPolicy")

_BACKUP_POLICY = AwsType(
    about=ResourceType(
        token=BACKUP_POLICY,
        inputs=block(
            {
                "fileSystemId": text(required=True, replace=Replace.CREATE_FIRST, refers=FILE_SYSTEM),
                "backupPolicy": block({"status": text(required=True, enum=["ENABLED", "DISABLED"])}, required=True),
            }
        ),
        key=("fileSystemId",),
        owned_by=OwnedBy.PARENT,
        parent="fileSystemId",
    ),
    service="efs",
    id="{fileSystemId}",
    create=_PUT,
    reading=Reading(source=_policies, details=_read_policy, one=_policy),
    updates=(Update(("backupPolicy",), (_PUT,)),),
    waiting=Waiting(state="BackupPolicy.Status", ready=("ENABLED", "DISABLED"), every=3.0, limit=600.0),
    delete=call("PutBackupPolicy", FileSystemId=ID, BackupPolicy={"Status": "DISABLED"}),
)

TYPES = (_FILE_SYSTEM, _MOUNT_TARGET, _ACCESS_POINT, _BACKUP_POLICY)
