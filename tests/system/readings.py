"""What the AWS command line is asked of the objects of a stack, and where its answers have the properties of each.

By stack, then by address: the command, the option that takes the object's identity, and a JMESPath for each property.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Reading(msgspec.Struct, frozen=True):
    """One question. root: where the object stands in the answer, `at` paths below it. by: the output that names it."""

    command: str
    option: str
    root: str
    at: Mapping[str, str]
    by: str = "id"


READINGS: Mapping[str, Mapping[str, Reading]] = {
    "data": {
        "resources.database": Reading(
            "rds describe-db-instances",
            "db-instance-identifier",
            "DBInstances[0]",
            {
                "instanceClass": "DBInstanceClass",
                "engineVersion": "EngineVersion",
                "allocatedStorage": "AllocatedStorage",
                "storageEncrypted": "StorageEncrypted",
                "kmsKeyId": "KmsKeyId",
                "dbName": "DBName",
                "vpcSecurityGroupIds": "VpcSecurityGroups[].VpcSecurityGroupId",
            },
            by="identifier",
        ),
        "resources.subnets": Reading(
            "rds describe-db-subnet-groups",
            "db-subnet-group-name",
            "DBSubnetGroups[0]",
            {"description": "DBSubnetGroupDescription", "subnetIds": "Subnets[].SubnetIdentifier"},
        ),
        "resources.files": Reading(
            "efs describe-file-systems",
            "file-system-id",
            "FileSystems[0]",
            {
                "encrypted": "Encrypted",
                "kmsKeyId": "KmsKeyId",
                "throughputMode": "ThroughputMode",
                "provisionedThroughputInMibps": "ProvisionedThroughputInMibps",
            },
        ),
        "resources.files-a": Reading(
            "efs describe-mount-targets",
            "mount-target-id",
            "MountTargets[0]",
            {"fileSystemId": "FileSystemId", "subnetId": "SubnetId"},
        ),
        "resources.scratch": Reading(
            "fsx describe-file-systems",
            "file-system-ids",
            "FileSystems[0]",
            {
                "storageCapacity": "StorageCapacity",
                "subnetIds": "SubnetIds",
                "deploymentType": "LustreConfiguration.DeploymentType",
                "dataCompressionType": "LustreConfiguration.DataCompressionType",
            },
        ),
        "resources.zone": Reading(
            "route53 get-hosted-zone", "id", "HostedZone", {"comment": "Config.Comment", "name": "Name"}
        ),
        "resources.certificate": Reading(
            "acm describe-certificate", "certificate-arn", "Certificate", {"domainName": "DomainName"}
        ),
        "resources.token": Reading("secretsmanager describe-secret", "secret-id", "@", {"description": "Description"}),
    },
    "services": {
        "resources.bucket-versions": Reading(
            "s3api get-bucket-versioning", "bucket", "@", {"versioningConfiguration": "{status: Status}"}
        ),
        "resources.letters": Reading(
            "sqs get-queue-attributes --attribute-names All",
            "queue-url",
            "@",
            {"visibilityTimeoutSeconds": "to_number(Attributes.VisibilityTimeout)"},
        ),
        "resources.topic": Reading(
            "sns get-topic-attributes", "topic-arn", "Attributes", {"displayName": "DisplayName"}
        ),
        "resources.alarm": Reading(
            "cloudwatch describe-alarms",
            "alarm-names",
            "MetricAlarms[0]",
            {"namespace": "Namespace", "metricName": "MetricName", "period": "Period", "statistic": "Statistic"},
        ),
        "resources.metrics": Reading("amp describe-workspace", "workspace-id", "workspace", {"alias": "alias"}),
        "resources.interruptions": Reading(
            "events describe-rule", "name", "@", {"description": "Description"}, by="name"
        ),
    },
}
