from __future__ import annotations

import json

import pytest

from mlinfra.providers.aws.services.kms import ALIAS, KEY
from tests.providers.aws.lifecycle import Account, Case, live


def policy(*principals: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


ROOT = "arn:aws:iam::123456789012:root"
A_KEY = (KEY, lambda account: {"description": "one"})
CASES = [
    Case(
        type=KEY,
        properties=lambda account: {
            "description": "secrets of the cluster",
            "enableKeyRotation": True,
            "policy": policy("123456789012"),
            "deletionWindowInDays": 7,
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"description": "secrets"},
            lambda account: {"enableKeyRotation": None},
            lambda account: {"policy": policy(ROOT, "arn:aws:iam::123456789012:user/sandbox")},
            lambda account: {"isEnabled": False},
            lambda account: {"isEnabled": None},
            lambda account: {"deletionWindowInDays": 10},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
    Case(
        type=ALIAS,
        needs={"key": A_KEY, "other": A_KEY},
        properties=lambda account: {"name": "alias/demo", "targetKeyId": account.id("key")},
        changes=(lambda account: {"targetKeyId": account.output("other", "arn")},),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


def test_a_key_is_deleted_after_the_window_that_was_asked_for(account: Account) -> None:
    properties = {"deletionWindowInDays": 7}
    made = account.make("key", KEY, properties)
    account.provider.delete(account.target("key", KEY, properties, made.id), account.journal())
    about = account.calls.one("kms", "DescribeKey", {"KeyId": made.id})["KeyMetadata"]
    assert about["KeyState"] == "PendingDeletion"
    assert (about["DeletionDate"] - about["CreationDate"]).days in (6, 7)
