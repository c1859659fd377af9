"""Where data is kept and found: databases, file systems, values of secrets, names, certificates."""

from __future__ import annotations

from typing import Any

from ..things import Thing
from .table import IDENTITY, IMMUTABLE, Along, Deletes, Edit, Edits, Exceptions, edit, out

SUBNET_GROUP = "aws:rds/subnetGroup:SubnetGroup"
PARAMETER_GROUP = "aws:rds/parameterGroup:ParameterGroup"
INSTANCE = "aws:rds/instance:Instance"
SECRET_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
ZONE = "aws:route53/zone:Zone"
RECORD = "aws:route53/record:Record"
CERTIFICATE = "aws:acm/certificate:Certificate"
VALIDATION = "aws:acm/certificateValidation:CertificateValidation"
FILE_SYSTEM = "aws:efs/fileSystem:FileSystem"
MOUNT_TARGET = "aws:efs/mountTarget:MountTarget"
ACCESS_POINT = "aws:efs/accessPoint:AccessPoint"
BACKUP_POLICY = "aws:efs/backupPolicy:BackupPolicy"
LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"

_TAGS = [{"Key": "team", "Value": "edited"}]


def _id_of(address: str) -> Any:
    return lambda thing: thing.other(address).id


def _tagged(service: str, operation: str, member: str) -> Edit:
    given: dict[str, Any] = {member: out("arn"), "Tags": _TAGS}
    return edit(service, operation, **given)


def _subnets(**change: Any) -> Edit:
    def make(thing: Thing) -> object:
        given = {
            "SubnetIds": thing.inputs["subnetIds"],
            **{name: value(thing) if callable(value) else value for name, value in change.items()},
        }
        return thing.client("rds").modify_db_subnet_group(DBSubnetGroupName=thing.id, **given)

    return make


def _parameter(name: str, value: str, method: str = "immediate") -> Edit:
    parameter = {"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}
    return edit("rds", "modify_db_parameter_group", "DBParameterGroupName", Parameters=[parameter])


def _other_parameter(thing: Thing) -> None:
    """One parameter less, and another one more."""
    client = thing.client("rds")
    gone = {"ParameterName": "work_mem", "ApplyMethod": "immediate"}
    client.reset_db_parameter_group(DBParameterGroupName=thing.id, Parameters=[gone])
    added = {"ParameterName": "temp_buffers", "ParameterValue": "65536", "ApplyMethod": "immediate"}
    client.modify_db_parameter_group(DBParameterGroupName=thing.id, Parameters=[added])


def _database(**params: Any) -> Edit:
    return edit("rds", "modify_db_instance", "DBInstanceIdentifier", ApplyImmediately=True, **params)


def _record(action: str, **change: Any) -> Edit:
    """The record as its zone has it, with other values."""

    def make(thing: Thing) -> object:
        client = thing.client("route53")
        zone, name, kind = (thing.inputs[part] for part in ("zoneId", "name", "type"))
        shown = client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        (record,) = (one for one in shown if (one["Name"].rstrip("."), one["Type"]) == (name, kind))
        changes = [{"Action": action, "ResourceRecordSet": {**record, **change}}]
        return client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})

    return make


def _aliased(**change: Any) -> Edit:
    target = {"DNSName": "lb-1.elb.amazonaws.com", "HostedZoneId": "Z35SXDOTRQ7X7K", "EvaluateTargetHealth": True}
    return _record("UPSERT", AliasTarget={**target, **change})


def _elsewhere(thing: Thing) -> None:
    """Another network in the place of the zone's own."""
    ec2, client = thing.client("ec2"), thing.client("route53")
    made = {"VPCId": ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"], "VPCRegion": "us-east-1"}
    client.associate_vpc_with_hosted_zone(HostedZoneId=thing.id, VPC=made)
    thing.account.before |= {("ec2:vpc", made["VPCId"]), *_companions(thing, made["VPCId"])}
    own = {"VPCId": thing.inputs["vpcs"][0]["vpcId"], "VPCRegion": "us-east-1"}
    client.disassociate_vpc_from_hosted_zone(HostedZoneId=thing.id, VPC=own)


def _companions(thing: Thing, vpc: str) -> set[tuple[str, str]]:
    """What comes with a network by itself, as far as the inventory counts it."""
    return {entry for entry in thing.account.sandbox.inventory() if vpc in entry[1]}


def _delete_zone(thing: Thing) -> None:
    thing.client("route53").delete_hosted_zone(Id=thing.id)


def _policies(*policies: dict[str, str]) -> Edit:
    return edit("efs", "put_lifecycle_configuration", "FileSystemId", LifecyclePolicies=list(policies))


def _lustre(**settings: Any) -> Edit:
    return edit("fsx", "update_file_system", "FileSystemId", LustreConfiguration=settings)


_PLAIN = {"TransitionToPrimaryStorageClass": "AFTER_1_ACCESS"}

EDITS: Edits = {
    SUBNET_GROUP: {
        "description": _subnets(DBSubnetGroupDescription="by hand"),
        "subnetIds": _subnets(SubnetIds=lambda thing: [thing.other(f"resources.subnet-{zone}").id for zone in "abc"]),
        "tags": _tagged("rds", "add_tags_to_resource", "ResourceName"),
    },
    PARAMETER_GROUP: {
        "parameters[].name": _other_parameter,
        "parameters[].value": _parameter("work_mem", "4096"),
        "parameters[].applyMethod": _parameter("max_connections", "400"),
        "tags": _tagged("rds", "add_tags_to_resource", "ResourceName"),
    },
    INSTANCE: {
        "instanceClass": _database(DBInstanceClass="db.m7g.2xlarge"),
        "maxAllocatedStorage": _database(MaxAllocatedStorage=900),
        "storageType": _database(StorageType="io1", Iops=3000),
        "manageMasterUserPassword": _database(ManageMasterUserPassword=False, MasterUserPassword="by-hand-1234"),
        "port": _database(DBPortNumber=5999),
        "vpcSecurityGroupIds": edit(
            "rds",
            "modify_db_instance",
            "DBInstanceIdentifier",
            ApplyImmediately=True,
            VpcSecurityGroupIds=lambda thing: [thing.other("resources.guard-spare").id],
        ),
        "parameterGroupName": _database(DBParameterGroupName=_id_of("resources.parameters-spare")),
        "multiAz": _database(MultiAZ=False),
        "backupRetentionPeriod": _database(BackupRetentionPeriod=1),
        "backupWindow": _database(PreferredBackupWindow="09:00-09:30"),
        "maintenanceWindow": _database(PreferredMaintenanceWindow="mon:04:00-mon:05:00"),
        "autoMinorVersionUpgrade": _database(AutoMinorVersionUpgrade=True),
        "copyTagsToSnapshot": _database(CopyTagsToSnapshot=False),
        "iamDatabaseAuthenticationEnabled": _database(EnableIAMDatabaseAuthentication=False),
        "performanceInsightsEnabled": _database(EnablePerformanceInsights=False),
        "enabledCloudwatchLogsExports": _database(CloudwatchLogsExportConfiguration={"DisableLogTypes": ["upgrade"]}),
        "tags": _tagged("rds", "add_tags_to_resource", "ResourceName"),
    },
    ZONE: {
        "comment": edit("route53", "update_hosted_zone_comment", "Id", Comment="by hand"),
        "vpcs[].vpcId": _elsewhere,
        "tags": edit("route53", "change_tags_for_resource", "ResourceId", ResourceType="hostedzone", AddTags=_TAGS),
    },
    RECORD: {
        "ttl": _record("UPSERT", TTL=5),
        "records": _record("UPSERT", ResourceRecords=[{"Value": "elsewhere.example.com"}]),
        "aliases[].name": _aliased(DNSName="lb-2.elb.amazonaws.com"),
        "aliases[].zoneId": _aliased(HostedZoneId="Z26RNL4JYFTOTI"),
        "aliases[].evaluateTargetHealth": _aliased(EvaluateTargetHealth=False),
    },
    CERTIFICATE: {
        "options.certificateTransparencyLoggingPreference": edit(
            "acm",
            "update_certificate_options",
            "CertificateArn",
            Options={"CertificateTransparencyLoggingPreference": "DISABLED"},
        ),
        "tags": edit("acm", "add_tags_to_certificate", "CertificateArn", Tags=_TAGS),
    },
    FILE_SYSTEM: {
        "throughputMode": edit("efs", "update_file_system", "FileSystemId", ThroughputMode="elastic"),
        "provisionedThroughputInMibps": edit(
            "efs",
            "update_file_system",
            "FileSystemId",
            ThroughputMode="provisioned",
            ProvisionedThroughputInMibps=256,
        ),
        "lifecyclePolicies[].transitionToIa": _policies({"TransitionToIA": "AFTER_7_DAYS"}, _PLAIN),
        "tags": edit("efs", "tag_resource", "ResourceId", Tags=_TAGS),
    },
    MOUNT_TARGET: {
        "securityGroups": edit(
            "efs",
            "modify_mount_target_security_groups",
            "MountTargetId",
            SecurityGroups=lambda thing: [thing.other("resources.guard-spare").id],
        )
    },
    ACCESS_POINT: {"tags": edit("efs", "tag_resource", "ResourceId", Tags=_TAGS)},
    BACKUP_POLICY: {
        "backupPolicy.status": edit("efs", "put_backup_policy", "FileSystemId", BackupPolicy={"Status": "DISABLED"})
    },
    LUSTRE: {
        "perUnitStorageThroughput": _lustre(PerUnitStorageThroughput=250),
        "dataCompressionType": _lustre(DataCompressionType="NONE"),
        "automaticBackupRetentionDays": _lustre(AutomaticBackupRetentionDays=1),
        "dailyAutomaticBackupStartTime": _lustre(DailyAutomaticBackupStartTime="05:00"),
        "weeklyMaintenanceStartTime": _lustre(WeeklyMaintenanceStartTime="1:04:00"),
        "tags": _tagged("fsx", "tag_resource", "ResourceARN"),
    },
}

ALONG: Along = {FILE_SYSTEM: {"throughputMode": ("provisionedThroughputInMibps",)}}

ONLY_GROWS = "one way: a file system grows, and never shrinks again"

EXCEPTIONS: Exceptions = {
    SUBNET_GROUP: {"name": IDENTITY},
    PARAMETER_GROUP: {"name": IDENTITY, "family": IMMUTABLE, "description": IMMUTABLE},
    INSTANCE: {
        "identifier": IDENTITY,
        "engineVersion": "one way: a version goes up only (tests/session/test_review.py)",
        "allocatedStorage": "one way: a database grows, and never shrinks again (tests/session/test_review.py)",
        **dict.fromkeys(
            ("engine", "storageEncrypted", "kmsKeyId", "dbName", "username", "availabilityZone"), IMMUTABLE
        ),
    },
    SECRET_VERSION: {"secretId": IDENTITY},
    ZONE: {"name": IMMUTABLE},
    RECORD: dict.fromkeys(("zoneId", "name", "type"), IDENTITY),
    CERTIFICATE: dict.fromkeys(
        ("domainName", "subjectAlternativeNames", "validationMethod", "keyAlgorithm"), IMMUTABLE
    ),
    VALIDATION: {"certificateArn": IDENTITY},
    FILE_SYSTEM: {
        "lifecyclePolicies[].transitionToPrimaryStorageClass": "AWS has one value for it, which is there or is not",
        **dict.fromkeys(("availabilityZoneName", "encrypted", "kmsKeyId", "performanceMode"), IMMUTABLE),
    },
    MOUNT_TARGET: {"fileSystemId": IDENTITY, "subnetId": IDENTITY, "ipAddress": IMMUTABLE},
    ACCESS_POINT: dict.fromkeys(
        (
            "fileSystemId",
            "posixUser.gid",
            "posixUser.uid",
            "posixUser.secondaryGids",
            "rootDirectory.path",
            "rootDirectory.creationInfo.ownerGid",
            "rootDirectory.creationInfo.ownerUid",
            "rootDirectory.creationInfo.permissions",
        ),
        IMMUTABLE,
    ),
    BACKUP_POLICY: {"fileSystemId": IDENTITY},
    LUSTRE: {
        "storageCapacity": ONLY_GROWS,
        "fileSystemTypeVersion": "one way: Lustre's version goes up only",
        **dict.fromkeys(
            (
                "subnetIds",
                "storageType",
                "kmsKeyId",
                "deploymentType",
                "copyTagsToBackups",
                "driveCacheType",
                "efaEnabled",
                "importPath",
                "exportPath",
                "importedFileChunkSize",
            ),
            IMMUTABLE,
        ),
    },
}

# A debt like that of `untried`: no stack of these tests gives them a value yet.
_UNTRIED_OF_DATABASES = (
    "iops",
    "storageThroughput",
    "masterUserSecretKmsKeyId",
    "dbSubnetGroupName",
    "optionGroupName",
    "publiclyAccessible",
    "networkType",
    "licenseModel",
    "deletionProtection",
    "dedicatedLogVolume",
    "performanceInsightsKmsKeyId",
    "performanceInsightsRetentionPeriod",
    "monitoringInterval",
    "monitoringRoleArn",
    "caCertIdentifier",
)
UNTRIED = {
    INSTANCE: _UNTRIED_OF_DATABASES,
    ZONE: ("vpcs[].vpcRegion",),
    FILE_SYSTEM: ("lifecyclePolicies[].transitionToArchive",),
    LUSTRE: ("autoImportPolicy",),
}

DELETES: Deletes = {
    SUBNET_GROUP: edit("rds", "delete_db_subnet_group", "DBSubnetGroupName"),
    PARAMETER_GROUP: edit("rds", "delete_db_parameter_group", "DBParameterGroupName"),
    INSTANCE: edit("rds", "delete_db_instance", "DBInstanceIdentifier", SkipFinalSnapshot=True),
    ZONE: _delete_zone,
    RECORD: _record("DELETE"),
    CERTIFICATE: edit("acm", "delete_certificate", "CertificateArn"),
    FILE_SYSTEM: edit("efs", "delete_file_system", "FileSystemId"),
    MOUNT_TARGET: edit("efs", "delete_mount_target", "MountTargetId"),
    ACCESS_POINT: edit("efs", "delete_access_point", "AccessPointId"),
    LUSTRE: edit("fsx", "delete_file_system", "FileSystemId", LustreConfiguration={"SkipFinalBackup": True}),
}

# A value is there for as long as its secret, a certificate stays issued, and a file system is backed up or is not.
UNDELETABLE = (SECRET_VERSION, VALIDATION, BACKUP_POLICY)
