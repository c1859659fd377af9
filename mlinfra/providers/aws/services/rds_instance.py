"""Databases of one instance.

Calls, fields and states: RDS API reference, 2014-10-31, and "Viewing Amazon RDS DB instance status" of the RDS user
guide (November 2026). Names and replacement: Pulumi's AWS schema 7.51, without replicas, restores, domains, S3 imports,
Oracle and SQL Server's own settings, and blue-green updates. Two defaults are ours: changes are made at once
(`applyImmediately`), and where nothing is said, a final snapshot is taken under a name of the database's own.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.property import Property, Replace, block, boolean, integer, set_of, text
from mlinfra.core.resource_type import NameRule, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Leaving, Reading, Tagging, Update, Waiting
from mlinfra.providers.aws.forms import WEEKLY, ZONE
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services import holders
from mlinfra.providers.aws.services.ec2_security_groups import SECURITY_GROUP
from mlinfra.providers.aws.services.rds_groups import PARAMETER_GROUP, SUBNET_GROUP
from mlinfra.providers.aws.template import TAG_KEYS, TAGS, call, dig, prop
from mlinfra.providers.aws.work import Work

INSTANCE = "aws:rds/instance:Instance"

_KEY, _ROLE = "aws:kms/key:Key", "aws:iam/role:Role"
_BEGIN, _LOOK = 60.0, 5.0  # seconds after which a change has begun to show, and between looks

# What ModifyDBInstance takes under the name that CreateDBInstance has for it.
_MODIFIABLE = (
    "allocatedStorage",
    "autoMinorVersionUpgrade",
    "backupRetentionPeriod",
    "backupWindow",
    "caCertIdentifier",
    "copyTagsToSnapshot",
    "dbSubnetGroupName",
    "dedicatedLogVolume",
    "deletionProtection",
    "engineVersion",
    "iamDatabaseAuthenticationEnabled",
    "instanceClass",
    "iops",
    "licenseModel",
    "maintenanceWindow",
    "manageMasterUserPassword",
    "masterUserSecretKmsKeyId",
    "maxAllocatedStorage",
    "monitoringInterval",
    "monitoringRoleArn",
    "multiAz",
    "networkType",
    "optionGroupName",
    "parameterGroupName",
    "password",
    "performanceInsightsEnabled",
    "performanceInsightsKmsKeyId",
    "performanceInsightsRetentionPeriod",
    "publiclyAccessible",
    "storageThroughput",
    "storageType",
    "vpcSecurityGroupIds",
)
# RDS user guide, "Publishing database logs to CloudWatch Logs", of all engines (November 2026).
_LOGS = [
    *("agent", "alert", "audit", "diag.log", "error", "general", "iam-db-auth-error", "instance", "listener"),
    *("notify.log", "oemagent", "postgresql", "slowquery", "trace", "upgrade"),
]
_INPUTS: dict[str, Property] = {
    "identifier": text(replace=Replace.CREATE_FIRST, pattern="^[a-z][a-z0-9-]{0,62}$"),
    "instanceClass": text(pattern=r"^db\.[a-z0-9-]+\.[a-z0-9-]+$", required=True),
    "engine": text(
        pattern="^(custom-)?(postgres|mysql|mariadb|(oracle|sqlserver|db2|aurora)-[a-z0-9-]+)$",
        required=True,
        replace=Replace.CREATE_FIRST,
    ),
    "engineVersion": text(
        pattern=r"^[0-9]+\.[0-9]",
        description="In full (16.4): the first number alone would be another text than AWS shows. Without it, AWS "
        "chooses, and upgrades.",
    ),
    "allocatedStorage": integer(maximum=65536, minimum=5),
    "maxAllocatedStorage": integer(minimum=20, maximum=65536),
    "storageType": text(enum=["standard", "gp2", "gp3", "io1", "io2"]),
    "iops": integer(minimum=1000, maximum=256000),
    "storageThroughput": integer(minimum=125, maximum=4000),
    "storageEncrypted": boolean(default=False, replace=Replace.CREATE_FIRST),
    "kmsKeyId": text(replace=Replace.CREATE_FIRST, refers=_KEY),
    "dbName": text(pattern="^[A-Za-z_][A-Za-z0-9_]{0,63}$", replace=Replace.CREATE_FIRST),
    "username": text(pattern="^[A-Za-z_][A-Za-z0-9_]{0,62}$", replace=Replace.CREATE_FIRST),
    "password": text(
        write_only=True,
        pattern="^$",
        rules={"x-form": "a reference to a secret, such as ${secret.sm:NAME#KEY}"},
        description="A reference to a secret (${secret.sm:...}), never the text itself.",
    ),
    "manageMasterUserPassword": boolean(default=False),
    "masterUserSecretKmsKeyId": text(refers=_KEY),
    "port": integer(minimum=1150, maximum=65535),
    "dbSubnetGroupName": text(refers=SUBNET_GROUP, keeps=True),
    "vpcSecurityGroupIds": set_of(text(refers=SECURITY_GROUP)),
    "parameterGroupName": text(refers=PARAMETER_GROUP),
    "optionGroupName": text(),
    "availabilityZone": text(rules=ZONE, replace=Replace.CREATE_FIRST),
    "multiAz": boolean(default=False),
    "publiclyAccessible": boolean(default=False, floating=True),  # not said, it is as public as its subnets
    "networkType": text(enum=["IPV4", "DUAL"]),
    "licenseModel": text(),
    "backupRetentionPeriod": integer(default=1, minimum=0, maximum=35),
    "backupWindow": text(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$"),
    "maintenanceWindow": text(rules=WEEKLY, canonical=lambda value: value.lower() if isinstance(value, str) else value),
    "autoMinorVersionUpgrade": boolean(default=True),
    "copyTagsToSnapshot": boolean(default=False),
    "deletionProtection": boolean(default=False),
    "dedicatedLogVolume": boolean(default=False),
    "iamDatabaseAuthenticationEnabled": boolean(default=False),
    "performanceInsightsEnabled": boolean(default=False),
    "performanceInsightsKmsKeyId": text(refers=_KEY),
    "performanceInsightsRetentionPeriod": integer(),
    "monitoringInterval": integer(default=0, enum=[0, 1, 5, 10, 15, 30, 60]),
    "monitoringRoleArn": text(refers=_ROLE),
    "enabledCloudwatchLogsExports": set_of(text(enum=_LOGS), default=[]),
    "caCertIdentifier": text(),
    "applyImmediately": boolean(write_only=True, default=True, description="Not in the next maintenance window."),
    "allowMajorVersionUpgrade": boolean(write_only=True, default=False),
    "skipFinalSnapshot": boolean(write_only=True, default=False, description="Delete it without a last snapshot."),
    "finalSnapshotIdentifier": text(write_only=True, description="The last snapshot's name; derived where not given."),
    "deleteAutomatedBackups": boolean(write_only=True, default=True),
    "tags": TAGS_PROPERTY,
}


def _whole(reader: Reader, item: Item) -> Item:
    return _flat(item)


def _flat(item: Item) -> Item:
    """The object with what it will be after changes that AWS makes later, and lists of objects as lists of names.

    What was asked for and waits for its window is no drift; what is asked for again would be no change.
    """
    pending = {name: value for name, value in item.get("PendingModifiedValues", {}).items() if value is not None}
    kept = {name: value for name, value in pending.items() if name in item and not isinstance(value, dict | list)}
    groups = item.get("DBParameterGroups") or [{}]
    options = item.get("OptionGroupMemberships") or [{}]
    return {
        **item,
        **kept,
        "DBSubnetGroupName": dig(item, "DBSubnetGroup.DBSubnetGroupName"),
        "DBParameterGroupName": groups[0].get("DBParameterGroupName"),
        "OptionGroupName": options[0].get("OptionGroupName"),
        "VpcSecurityGroupIds": [group["VpcSecurityGroupId"] for group in item.get("VpcSecurityGroups", [])],
        "ManageMasterUserPassword": bool(item.get("MasterUserSecret")),
        "MasterUserSecretKmsKeyId": dig(item, "MasterUserSecret.KmsKeyId"),
        "EnabledCloudwatchLogsExports": item.get("EnabledCloudwatchLogsExports") or [],
        "Port": pending.get("Port") or dig(item, "Endpoint.Port"),
    }


def _look(work: Work) -> Item | None:
    found = work.call("DescribeDBInstances", DBInstanceIdentifier=work.id)["DBInstances"]
    return _flat(found[0]) if found else None


def _endpoint(item: Item) -> Any:
    address, port = dig(item, "Endpoint.Address"), dig(item, "Endpoint.Port")
    return f"{address}:{port}" if address else None


def _secrets(item: Item) -> list[dict[str, Any]]:
    secret = item.get("MasterUserSecret") or {}
    return [{"secretArn": secret["SecretArn"], "kmsKeyId": secret.get("KmsKeyId")}] if "SecretArn" in secret else []


def _modify(work: Work) -> None:
    """One request for all that changed."""
    changed = [name for name in _MODIFIABLE if name in work.changed_names]
    params = {_NAMES.get(name) or name[0].upper() + name[1:]: work.api(name) for name in changed}
    if "port" in work.changed_names:
        params["DBPortNumber"] = work.api("port")
    if "enabledCloudwatchLogsExports" in work.changed_names:
        params["CloudwatchLogsExportConfiguration"] = _exports(work)
    at_once = work.properties.get("applyImmediately", True)
    given: dict[str, Any] = (
        {"AllowMajorVersionUpgrade": True} if work.properties.get("allowMajorVersionUpgrade") else {}
    )
    given |= {name: value for name, value in params.items() if value is not None}
    work.call("ModifyDBInstance", DBInstanceIdentifier=work.id, ApplyImmediately=at_once, **given)
    if at_once:
        _let_begin(work)


def _exports(work: Work) -> dict[str, list[str]]:
    desired = set(work.value("enabledCloudwatchLogsExports") or [])
    shown = set(work.prior.properties.get("enabledCloudwatchLogsExports", []) if work.prior is not None else [])
    asked = {"EnableLogTypes": sorted(desired - shown), "DisableLogTypes": sorted(shown - desired)}
    return {name: types for name, types in asked.items() if types}


def _let_begin(work: Work) -> None:
    """Until the change is seen to have begun, or to be done: for some seconds the state does not tell."""
    began = work.clock.monotonic()
    while work.clock.monotonic() - began < _BEGIN:
        found = work.call("DescribeDBInstances", DBInstanceIdentifier=work.id)["DBInstances"][0]
        if found["DBInstanceStatus"] != "available" or not found.get("PendingModifiedValues"):
            return
        work.pause(_LOOK, "waiting for the change to begin")


def _delete(work: Work) -> None:
    """With a last snapshot, unless the stack says otherwise; not twice, since AWS refuses that."""
    found = work.describe()
    if found is None or found["DBInstanceStatus"] == "deleting":
        return
    how: dict[str, Any] = {"SkipFinalSnapshot": True}
    if not work.value("skipFinalSnapshot"):
        name = work.value("finalSnapshotIdentifier") or last_snapshot(work.id, str(found.get("DbiResourceId", "")))
        work.operation.say(f"taking the last snapshot, {name}")
        how = {"SkipFinalSnapshot": False, "FinalDBSnapshotIdentifier": name}
    backups = work.value("deleteAutomatedBackups")
    work.call("DeleteDBInstance", DBInstanceIdentifier=work.id, DeleteAutomatedBackups=backups is not False, **how)


def last_snapshot(name: str, resource: str) -> str:
    """Of this very database: a later one of the same name has another resource id."""
    own = resource.removeprefix("db-").lower()[:12]
    return f"{name}-final-{own}".strip("-")


_NAMES = {
    "identifier": "DBInstanceIdentifier",
    "instanceClass": "DBInstanceClass",
    "dbName": "DBName",
    "username": "MasterUsername",
    "password": "MasterUserPassword",
    "dbSubnetGroupName": "DBSubnetGroupName",
    "parameterGroupName": "DBParameterGroupName",
    "multiAz": "MultiAZ",
    "backupWindow": "PreferredBackupWindow",
    "maintenanceWindow": "PreferredMaintenanceWindow",
    "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
    "performanceInsightsEnabled": "EnablePerformanceInsights",
    "performanceInsightsKmsKeyId": "PerformanceInsightsKMSKeyId",
    "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
    "caCertIdentifier": "CACertificateIdentifier",
}
_AFTER_CREATION = ("applyImmediately", "allowMajorVersionUpgrade")
_AT_DELETION = ("skipFinalSnapshot", "finalSnapshotIdentifier", "deleteAutomatedBackups")

_INSTANCE = AwsType(
    about=ResourceType(
        token=INSTANCE,
        irreplaceable="the data in it",
        inputs=block(_INPUTS),
        key=("identifier",),
        name=NameRule("identifier", longest=63, lower=True),
        # Its name in the DNS follows from its identifier (RDS user guide, "Renaming a DB instance", November 2026),
        # which is never changed here; the endpoint has the port as well.
        volatile={
            "endpoint": ("port",),
            "masterUserSecrets": ("manageMasterUserPassword", "masterUserSecretKmsKeyId"),
        },
    ),
    service="rds",
    id="DBInstanceIdentifier",
    made="DBInstance.DBInstanceIdentifier",
    names=_NAMES,
    create=call(
        "CreateDBInstance",
        *[name for name in _INPUTS if name not in ("tags", *_AFTER_CREATION, *_AT_DELETION)],
        # The role may be newer than IAM's news of it.
        lag=r"IAM role ARN value is invalid|does not have (the )?required permissions",
    ),
    reading=Reading(
        listing=call("DescribeDBInstances"),
        items="DBInstances",
        details=_whole,
        one=_look,
        outputs={
            "iamDatabaseAuthenticationEnabled": "IAMDatabaseAuthenticationEnabled",
            "performanceInsightsEnabled": "PerformanceInsightsEnabled",
            "enabledCloudwatchLogsExports": "EnabledCloudwatchLogsExports",
            "arn": "DBInstanceArn",
            "address": "Endpoint.Address",
            "hostedZoneId": "Endpoint.HostedZoneId",
            "resourceId": "DbiResourceId",
        },
        derived={"endpoint": _endpoint, "masterUserSecrets": _secrets},
    ),
    tagging=Tagging(
        form="list",
        creation={"Tags": TAGS},
        add=call("AddTagsToResource", ResourceName=prop("arn"), Tags=TAGS),
        remove=call("RemoveTagsFromResource", ResourceName=prop("arn"), TagKeys=TAG_KEYS),
        path="TagList",
    ),
    updates=(
        Update((*_MODIFIABLE, "port", "enabledCloudwatchLogsExports"), _modify),
        # Ours alone: they matter when it is changed, or deleted.
        Update((*_AFTER_CREATION, *_AT_DELETION), ()),
    ),
    waiting=Waiting(
        state="DBInstanceStatus",
        ready=("available", "storage-optimization", "storage-config-upgrade"),
        failed=("insufficient-capacity",),
        # A database is never made anew by itself: somebody has to look at these first.
        ill=(
            "failed",
            "inaccessible-encryption-credentials",
            "incompatible-credentials",
            "incompatible-network",
            "incompatible-option-group",
            "incompatible-parameters",
            "incompatible-restore",
            "restore-error",
            "stopped",
            "storage-full",
        ),
        why=lambda item: "; ".join(str(info.get("Message", "")) for info in item.get("StatusInfos") or []),
        every=10.0,
        limit=5400.0,
    ),
    leaving=Leaving.SLOWLY,
    delete=_delete,
    conflicts=r"InvalidDBInstanceState",
    held=holders.protected("DeletionProtection", "aws rds modify-db-instance --no-deletion-protection"),
)

TYPES = (_INSTANCE,)
