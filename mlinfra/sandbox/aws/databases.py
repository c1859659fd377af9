"""RDS's instances: they take time, want a password and a last snapshot, and some changes wait for their window.

States: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html#Overview.DBInstance.Status;
deletion: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html; changes that wait:
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.ApplyImmediately.html (2026).
"""

from __future__ import annotations

from typing import Any

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.database_interfaces import displace_database, place_database
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import letters_and_digits
from mlinfra.sandbox.aws.keys import is_usable_key

# Parameters of ModifyDBInstance that wait for the maintenance window unless they are to be applied at once, with
# moto's name of each.
_WAITING = {
    "AllocatedStorage": "allocated_storage",
    "DBInstanceClass": "db_instance_class",
    "EngineVersion": "engine_version",
    "MultiAZ": "multi_az",
    "StorageType": "storage_type",
    "Iops": "iops",
}
_UNKNOWN_TO_MOTO = {
    "EnablePerformanceInsights": "performance_insights_enabled",
    "PerformanceInsightsKMSKeyId": "performance_insights_kms_key_id",
    "PerformanceInsightsRetentionPeriod": "performance_insights_retention_period",
    "NetworkType": "network_type",
    "DedicatedLogVolume": "dedicated_log_volume",
    "DBPortNumber": "port",
    "EnableIAMDatabaseAuthentication": "enable_iam_database_authentication",
}


class Databases(Extension):
    """CreateDBInstance, ModifyDBInstance, DeleteDBInstance."""

    service = "rds"

    def create_db_instance(self, call: Call, proceed: Proceed) -> Answer:
        """Make one, which takes time."""
        self._check(call)
        if not call.get("DBClusterIdentifier"):
            _require_one_password(call)
        answer = proceed()
        database = self._databases(call)[call["DBInstanceIdentifier"]]
        database.dbi_resource_id = f"db-{letters_and_digits(26)}"
        database.performance_insights_enabled = False
        database.publicly_accessible = bool(call.get("PubliclyAccessible"))
        self._remember(call, database)
        place_database(self.account, call.region, database)
        database.status = "creating"
        self.account.timeline.after(self.account.pace.database, lambda: _settle(database))
        return answer

    def describe_db_instances(self, call: Call, proceed: Proceed) -> Answer:
        """What is still being made has no endpoint."""
        answer = proceed()
        for database in answer.result["DBInstances"]:
            database.network_type = getattr(database, "network_type", None) or "IPV4"
        return answer

    def modify_db_instance(self, call: Call, proceed: Proceed) -> Answer:
        """Change it at once, or, as far as that may wait, later."""
        self._check(call)
        database = self._databases(call).get(call["DBInstanceIdentifier"])
        if database is None:
            return proceed()  # moto's refusal is AWS's
        if database.status != "available":
            raise AwsError("InvalidDBInstanceState", f"Database instance is not in available state ({database.status})")
        before = {name: getattr(database, attribute) for name, attribute in _WAITING.items()}
        answer = proceed()
        self._remember(call, database)
        if call.get("ApplyImmediately"):
            database.pending_modified_values = None
            database.status = "modifying"
            self.account.timeline.after(self.account.pace.update, lambda: _settle(database))
        else:
            _postpone(call, database, before)
        place_database(self.account, call.region, database)
        return answer

    def delete_db_instance(self, call: Call, proceed: Proceed) -> Answer:
        """Delete it, which takes time, with a last snapshot or without, but never without a word about it."""
        name, snapshot = call["DBInstanceIdentifier"], call.get("FinalDBSnapshotIdentifier")
        database = self._databases(call).get(name)
        if database is None:
            return proceed()
        if database.status == "deleting":
            raise AwsError("InvalidDBInstanceState", f"Instance {name} is already being deleted.")
        if bool(call.get("SkipFinalSnapshot")) == bool(snapshot):
            raise AwsError(
                "InvalidParameterCombination",
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
            )
        answer = proceed()
        self._databases(call)[name] = database
        self.account.timeline.after(self.account.pace.deletion, lambda: self._end(call, name))
        return answer

    def _end(self, call: Call, name: str) -> None:
        database = self._databases(call).pop(name, None)
        if database is not None:
            displace_database(self.account, call.region, database)

    def _databases(self, call: Call) -> Any:
        return self.account.backend("rds", call.region).databases

    def _check(self, call: Call) -> None:
        known = {key for groups in self.account.ec2(call.region).groups.values() for key in groups}
        unknown = [group for group in call.get("VpcSecurityGroupIds", []) if group not in known]
        if unknown:
            raise AwsError("InvalidParameterValue", f"Invalid security group , groupId= {unknown[0]}")
        for member in ("KmsKeyId", "MasterUserSecretKmsKeyId", "PerformanceInsightsKMSKeyId"):
            key = call.get(member, "")
            if key and not key.startswith("alias/aws/") and not is_usable_key(self.account, call.region, key):
                raise AwsError("KMSKeyNotAccessibleFault", f"The key {key} does not exist, or is not enabled")

    def _remember(self, call: Call, database: Any) -> None:
        for name, attribute in _UNKNOWN_TO_MOTO.items():
            if call.get(name) is not None:
                setattr(database, attribute, call[name])


def _require_one_password(call: Call) -> None:
    managed, given = bool(call.get("ManageMasterUserPassword")), bool(call.get("MasterUserPassword"))
    if managed and given:
        raise AwsError(
            "InvalidParameterCombination",
            "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled.",
        )
    if not managed and not given:
        raise AwsError("InvalidParameterValue", "The parameter MasterUserPassword must be provided.")


def _postpone(call: Call, database: Any, before: dict[str, Any]) -> None:
    waiting = {name: call[name] for name in _WAITING if call.get(name) not in (None, before[name])}
    for name in waiting:
        setattr(database, _WAITING[name], before[name])
    database.pending_modified_values = {**(getattr(database, "pending_modified_values", None) or {}), **waiting} or None


def _settle(database: Any) -> None:
    if database.status in ("creating", "modifying"):
        database.status = "available"


class DatabaseGroups(Extension):
    """What instances stand on: it exists, is there once, and stays while anything uses it.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBSubnetGroup.html,
    API_CreateDBSubnetGroup.html, API_DeleteDBParameterGroup.html and API_ResetDBParameterGroup.html (2026).
    """

    service = "rds"

    def create_db_subnet_group(self, call: Call, proceed: Proceed) -> Answer:
        """Make one over subnets of two zones at least."""
        name = call["DBSubnetGroupName"]
        if name.lower() in self._backend(call).subnet_groups:
            raise AwsError("DBSubnetGroupAlreadyExists", f"The DB subnet group {name} already exists.")
        self._check_zones(call)
        return proceed()

    def modify_db_subnet_group(self, call: Call, proceed: Proceed) -> Answer:
        """Change one: moto forgets it on the way."""
        self._check_zones(call)
        name, groups = call["DBSubnetGroupName"], self._backend(call).subnet_groups
        group = groups.get(name)
        if group is None:
            raise AwsError("DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' not found.")
        answer = proceed()
        groups[name] = group
        return answer

    def delete_db_subnet_group(self, call: Call, proceed: Proceed) -> Answer:
        """Not one that an instance uses."""
        name, backend = call["DBSubnetGroupName"], self._backend(call)
        group = backend.subnet_groups.get(name)
        users = [one for one in backend.databases.values() if getattr(one, "db_subnet_group", None) is group]
        if group is not None and users:
            raise AwsError(
                "InvalidDBSubnetGroupStateFault",
                f"Cannot delete the subnet group '{name}' because at least one database instance: "
                f"{users[0].db_instance_identifier} is still using it.",
            )
        return proceed()

    def delete_db_parameter_group(self, call: Call, proceed: Proceed) -> Answer:
        """Not one that an instance uses."""
        name, backend = call["DBParameterGroupName"], self._backend(call)
        users = [one for one in backend.databases.values() if one.db_parameter_group_name == name]
        if users:
            raise AwsError("InvalidDBParameterGroupState", "One or more database instances are still members of it.")
        return proceed()

    def modify_db_parameter_group(self, call: Call, proceed: Proceed) -> Answer:
        """At most twenty at once; each is shown as the user's own."""
        if len(call["Parameters"]) > 20:
            raise AwsError("InvalidParameterValue", "The request contains more than 20 parameters.")
        answer = proceed()
        for parameter in self._backend(call).db_parameter_groups[call["DBParameterGroupName"]].parameters.values():
            parameter["Source"] = "user"
        return answer

    def reset_db_parameter_group(self, call: Call, proceed: Proceed) -> Answer:
        """Give parameters their engine's values again."""
        name = call["DBParameterGroupName"]
        group = self._backend(call).db_parameter_groups.get(name)
        if group is None:
            raise AwsError("DBParameterGroupNotFound", f"DBParameterGroup not found: {name}")
        every = call.get("ResetAllParameters") or not call.get("Parameters")
        for one in list(group.parameters) if every else [one["ParameterName"] for one in call["Parameters"]]:
            group.parameters.pop(one, None)
        return {"DBParameterGroupName": name}

    def _backend(self, call: Call) -> Any:
        return self.account.backend("rds", call.region)

    def _check_zones(self, call: Call) -> None:
        by_zone = self.account.ec2(call.region).subnets
        zone_of = {key: zone for zone, subnets in by_zone.items() for key in subnets}
        unknown = [subnet for subnet in call["SubnetIds"] if subnet not in zone_of]
        if unknown:
            raise AwsError("InvalidSubnet", f"The subnet ID '{unknown[0]}' does not exist")
        if len({zone_of[subnet] for subnet in call["SubnetIds"]}) < 2:
            raise AwsError(
                "DBSubnetGroupDoesNotCoverEnoughAZs",
                "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Add subnets to cover at "
                "least 2 AZs.",
            )
