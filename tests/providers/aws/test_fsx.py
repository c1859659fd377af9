from __future__ import annotations

import pytest

from mlinfra.providers.aws.services.fsx import LUSTRE_FILE_SYSTEM
from tests.providers.aws.lifecycle import Account, Case, live
from tests.providers.aws.test_efs import NETWORK, guard

CASES = [
    Case(
        type=LUSTRE_FILE_SYSTEM,
        needs={**NETWORK, "guard": guard("lustre")},
        properties=lambda account: {
            "subnetIds": [account.id("a")],
            "securityGroupIds": [account.id("guard")],
            "storageCapacity": 1200,
            "deploymentType": "PERSISTENT_2",
            "perUnitStorageThroughput": 125,
            "fileSystemTypeVersion": "2.15",
            "skipFinalBackup": True,
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"storageCapacity": 2400},
            lambda account: {"perUnitStorageThroughput": 250},
            lambda account: {"dataCompressionType": "LZ4"},
            lambda account: {"dataCompressionType": None},
            lambda account: {"automaticBackupRetentionDays": 7, "dailyAutomaticBackupStartTime": "02:00"},
            lambda account: {"weeklyMaintenanceStartTime": "7:04:00"},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
    Case(
        name="scratch that is linked to a bucket",
        type=LUSTRE_FILE_SYSTEM,
        needs=NETWORK,
        properties=lambda account: {
            "subnetIds": [account.id("a")],
            "storageCapacity": 1200,
            "deploymentType": "SCRATCH_2",
            "importPath": "s3://models/",
            "autoImportPolicy": "NEW",
        },
        changes=(lambda account: {"autoImportPolicy": "NEW_CHANGED"},),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


@pytest.mark.parametrize(
    ("said", "backups"),
    [
        ({}, 0),
        ({"automaticBackupRetentionDays": 7}, 1),
        ({"automaticBackupRetentionDays": 7, "skipFinalBackup": True}, 0),
        ({"skipFinalBackup": False}, 1),
    ],
)
def test_what_is_backed_up_leaves_a_last_backup(said: dict[str, object], backups: int, account: Account) -> None:
    for name, (token, build) in NETWORK.items():
        account.make(name, token, build(account))
    properties = {
        "subnetIds": [account.id("a")],
        "storageCapacity": 1200,
        "deploymentType": "PERSISTENT_2",
        "perUnitStorageThroughput": 125,
        **said,
    }
    made = account.make("it", LUSTRE_FILE_SYSTEM, properties)
    account.provider.delete(account.target("it", LUSTRE_FILE_SYSTEM, properties, made.id), account.journal())
    assert len(account.calls.one("fsx", "DescribeBackups")["Backups"]) == backups
