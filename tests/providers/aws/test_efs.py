from __future__ import annotations

import pytest

from mlinfra.providers.aws.services.ec2_network import SUBNET, VPC
from mlinfra.providers.aws.services.ec2_security_groups import SECURITY_GROUP
from mlinfra.providers.aws.services.efs import ACCESS_POINT, BACKUP_POLICY, FILE_SYSTEM, MOUNT_TARGET
from tests.providers.aws.lifecycle import Account, Build, Case, live

NETWORK: dict[str, tuple[str, Build]] = {
    "vpc": (VPC, lambda account: {"cidrBlock": "10.0.0.0/16"}),
    "a": (
        SUBNET,
        lambda account: {"vpcId": account.id("vpc"), "cidrBlock": "10.0.1.0/24", "availabilityZone": "us-east-1a"},
    ),
}
FILES = (FILE_SYSTEM, lambda account: {"encrypted": True})


def guard(name: str) -> tuple[str, Build]:
    return SECURITY_GROUP, lambda account: {"vpcId": account.id("vpc"), "name": name, "description": "of files"}


CASES = [
    Case(
        type=FILE_SYSTEM,
        properties=lambda account: {
            "encrypted": True,
            "throughputMode": "elastic",
            "lifecyclePolicies": [{"transitionToIa": "AFTER_30_DAYS"}],
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"throughputMode": "provisioned", "provisionedThroughputInMibps": 128},
            lambda account: {"provisionedThroughputInMibps": 256},
            lambda account: {"throughputMode": None, "provisionedThroughputInMibps": None},
            lambda account: {
                "lifecyclePolicies": [
                    {"transitionToPrimaryStorageClass": "AFTER_1_ACCESS"},
                    {"transitionToIa": "AFTER_7_DAYS"},
                ]
            },
            lambda account: {"lifecyclePolicies": None},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
    Case(
        type=MOUNT_TARGET,
        needs={**NETWORK, "files": FILES, "one": guard("one"), "two": guard("two")},
        properties=lambda account: {
            "fileSystemId": account.id("files"),
            "subnetId": account.id("a"),
            "securityGroups": [account.id("one")],
        },
        changes=(lambda account: {"securityGroups": [account.id("one"), account.id("two")]},),
    ),
    Case(
        type=ACCESS_POINT,
        needs={"files": FILES},
        properties=lambda account: {
            "fileSystemId": account.id("files"),
            "posixUser": {"uid": 1000, "gid": 1000},
            "rootDirectory": {
                "path": "/models",
                "creationInfo": {"ownerUid": 1000, "ownerGid": 1000, "permissions": "750"},
            },
            "tags": {"team": "recsys"},
        },
        changes=(lambda account: {"tags": {"team": "search"}},),
    ),
    Case(
        type=BACKUP_POLICY,
        needs={"files": FILES},
        properties=lambda account: {"fileSystemId": account.id("files"), "backupPolicy": {"status": "ENABLED"}},
        changes=(
            lambda account: {"backupPolicy": {"status": "DISABLED"}},
            lambda account: {"backupPolicy": {"status": "ENABLED"}},
        ),
        lasting=True,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


def test_a_file_system_that_was_made_before_an_answer_was_lost_is_found_by_its_tags(account: Account) -> None:
    made = account.make("it", FILE_SYSTEM, {"encrypted": True})
    found = account.provider.find(account.target("it", FILE_SYSTEM, {"encrypted": True}))
    assert getattr(found, "id", None) == made.id
