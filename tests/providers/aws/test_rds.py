from __future__ import annotations

import pytest

from mlinfra.core.value import Secret
from mlinfra.providers.aws.services.ec2_network import SUBNET, VPC
from mlinfra.providers.aws.services.ec2_security_groups import SECURITY_GROUP
from mlinfra.providers.aws.services.rds_groups import PARAMETER_GROUP, SUBNET_GROUP
from mlinfra.providers.aws.services.rds_instance import INSTANCE
from tests.providers.aws.lifecycle import Account, Build, Case, live


def subnet(zone: str, number: int) -> tuple[str, Build]:
    return SUBNET, lambda account: {
        "vpcId": account.id("vpc"),
        "cidrBlock": f"10.0.{number}.0/24",
        "availabilityZone": f"us-east-1{zone}",
    }


def parameters(name: str) -> tuple[str, Build]:
    return PARAMETER_GROUP, lambda account: {"name": name, "family": "postgres16"}


NETWORK = {
    "vpc": (VPC, lambda account: {"cidrBlock": "10.0.0.0/16"}),
    "a": subnet("a", 1),
    "b": subnet("b", 2),
    "c": subnet("c", 3),
}
SUBNETS = (SUBNET_GROUP, lambda account: {"name": "demo", "subnetIds": [account.id("a"), account.id("b")]})
GUARD = (SECURITY_GROUP, lambda account: {"vpcId": account.id("vpc"), "name": "db", "description": "of the database"})

CASES = [
    Case(
        type=SUBNET_GROUP,
        needs=NETWORK,
        properties=lambda account: {
            "name": "demo-databases",
            "description": "of the platform",
            "subnetIds": [account.id("a"), account.id("b")],
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"subnetIds": [account.id("b"), account.id("c")]},
            lambda account: {"description": "of others"},
            lambda account: {"description": None},
            lambda account: {"tags": {"team": "search"}},
        ),
        listed_by_tags=False,
    ),
    Case(
        type=PARAMETER_GROUP,
        properties=lambda account: {
            "name": "demo-postgres",
            "family": "postgres16",
            "description": "of the platform",
            "parameters": [
                {"name": "work_mem", "value": "65536"},
                {"name": "max_connections", "value": "400", "applyMethod": "pending-reboot"},
            ],
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"parameters": [{"name": "work_mem", "value": "131072"}]},
            lambda account: {"parameters": [{"name": f"p{n}", "value": "1"} for n in range(45)]},
            lambda account: {"parameters": None},
            lambda account: {"tags": {"team": "search"}},
        ),
        listed_by_tags=False,
    ),
    Case(
        type=INSTANCE,
        needs={
            **NETWORK,
            "subnets": SUBNETS,
            "guard": GUARD,
            "parameters": parameters("one"),
            "other": parameters("two"),
        },
        properties=lambda account: {
            "identifier": "demo",
            "instanceClass": "db.m7g.large",
            "engine": "postgres",
            "engineVersion": "16.4",
            "allocatedStorage": 100,
            "storageType": "gp3",
            "storageEncrypted": True,
            "dbName": "mlflow",
            "username": "mlflow",
            "manageMasterUserPassword": True,
            "dbSubnetGroupName": account.id("subnets"),
            "vpcSecurityGroupIds": [account.id("guard")],
            "parameterGroupName": account.id("parameters"),
            "skipFinalSnapshot": True,
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"instanceClass": "db.m7g.xlarge", "allocatedStorage": 200},
            lambda account: {"engineVersion": "16.6"},
            lambda account: {"parameterGroupName": account.id("other")},
            lambda account: {"backupRetentionPeriod": 7, "backupWindow": "02:00-03:00"},
            lambda account: {"backupRetentionPeriod": None},
            lambda account: {"maintenanceWindow": "Sun:04:00-Sun:05:00"},
            lambda account: {"multiAz": True},
            lambda account: {"port": 6000},
            lambda account: {"performanceInsightsEnabled": True},
            lambda account: {"performanceInsightsEnabled": None},
            lambda account: {"enabledCloudwatchLogsExports": ["postgresql", "upgrade"]},
            lambda account: {"enabledCloudwatchLogsExports": ["upgrade"]},
            lambda account: {"iamDatabaseAuthenticationEnabled": True},
            lambda account: {"autoMinorVersionUpgrade": False},
            lambda account: {"deletionProtection": True},
            lambda account: {"deletionProtection": None},
            lambda account: {"copyTagsToSnapshot": True},
            lambda account: {"applyImmediately": False, "instanceClass": "db.m7g.2xlarge"},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


A_DATABASE = {
    "identifier": "demo",
    "instanceClass": "db.t4g.small",
    "engine": "postgres",
    "engineVersion": "16.4",
    "allocatedStorage": 20,
    "username": "mlflow",
    "manageMasterUserPassword": True,
}


def snapshots(account: Account) -> list[str]:
    found = account.calls.one("rds", "DescribeDBSnapshots", {"SnapshotType": "manual"})["DBSnapshots"]
    return [snapshot["DBSnapshotIdentifier"] for snapshot in found]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({}, "demo-final-"),
        ({"finalSnapshotIdentifier": "the-last"}, "the-last"),
        ({"skipFinalSnapshot": True}, None),
    ],
)
def test_a_database_is_never_deleted_without_a_last_snapshot_unless_the_stack_says_so(
    said: dict[str, object], kept: str | None, account: Account
) -> None:
    properties = {**A_DATABASE, **said}
    made = account.make("it", INSTANCE, properties)
    account.provider.delete(account.target("it", INSTANCE, properties, made.id), account.journal())
    found = snapshots(account)
    assert len(found) == (kept is not None)
    assert all(name.startswith(str(kept)) for name in found)


def test_databases_of_one_name_that_follow_each_other_leave_a_snapshot_each(account: Account) -> None:
    for _ in range(2):
        made = account.make("it", INSTANCE, A_DATABASE)
        account.provider.delete(account.target("it", INSTANCE, A_DATABASE, made.id), account.journal())
    assert len(snapshots(account)) == 2


def test_a_protected_database_is_not_deleted_and_no_snapshot_is_taken_in_vain(account: Account) -> None:
    properties = {**A_DATABASE, "deletionProtection": True}
    made = account.make("it", INSTANCE, properties)
    with pytest.raises(Exception, match="protected"):
        account.provider.delete(account.target("it", INSTANCE, properties, made.id), account.journal())
    assert snapshots(account) == []


def test_the_password_that_aws_manages_is_told_by_its_secret_alone(account: Account) -> None:
    made = account.make("it", INSTANCE, A_DATABASE)
    (secret,) = made.properties["masterUserSecrets"]
    kept = account.calls.one("secretsmanager", "GetSecretValue", {"SecretId": secret["secretArn"]})["SecretString"]
    assert kept
    assert kept not in repr(made)


def test_a_password_comes_from_a_secret_and_is_in_nothing_that_is_read(account: Account) -> None:
    properties = {**A_DATABASE, "password": Secret("env", "token", "")}
    del properties["manageMasterUserPassword"]
    made = account.make("it", INSTANCE, properties)
    assert "s3cr3t-value" not in repr(made)
    assert made.properties["masterUserSecrets"] == []
