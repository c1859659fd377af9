from __future__ import annotations

import json
from typing import Any

import pytest

from mlinfra.core.provider import Interest
from mlinfra.providers.aws.services.s3 import BUCKET
from mlinfra.providers.aws.services.s3_settings import (
    BUCKET_ENCRYPTION,
    BUCKET_LIFECYCLE,
    BUCKET_OWNERSHIP_CONTROLS,
    BUCKET_POLICY,
    BUCKET_PUBLIC_ACCESS_BLOCK,
    BUCKET_VERSIONING,
)
from tests.providers.aws.lifecycle import Account, Case, live
from tests.providers.aws.test_kms import A_KEY

A_BUCKET = (BUCKET, lambda account: {"bucket": "acme-models"})


def only_by_tls(sid: str) -> str:
    statement = {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::acme-models", "arn:aws:s3:::acme-models/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def encrypted(algorithm: str, **more: Any) -> list[dict[str, Any]]:
    return [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": algorithm}, **more}]


def with_key(account: Account) -> list[dict[str, Any]]:
    key = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": account.output("key", "arn")}
    return [{"applyServerSideEncryptionByDefault": key, "bucketKeyEnabled": True}]


EXPIRE = {"id": "expire", "status": "Enabled", "filter": {"prefix": "tmp/"}, "expiration": {"days": 7}}
ARCHIVE = {
    "id": "archive",
    "status": "Enabled",
    "filter": {"and": {"prefix": "models/", "tags": {"keep": "no"}}},
    "transitions": [{"days": 90, "storageClass": "GLACIER"}, {"days": 30, "storageClass": "STANDARD_IA"}],
    "noncurrentVersionExpiration": {"noncurrentDays": 30},
}
TIDY = {"id": "tidy", "status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 3}}
CASES = [
    Case(
        type=BUCKET_VERSIONING,
        needs={"bucket": A_BUCKET},
        properties=lambda account: {"bucket": account.id("bucket"), "versioningConfiguration": {"status": "Enabled"}},
        changes=(
            lambda account: {"versioningConfiguration": {"status": "Suspended"}},
            lambda account: {"versioningConfiguration": {"status": "Enabled"}},
        ),
        lasting=True,
    ),
    Case(
        type=BUCKET_ENCRYPTION,
        needs={"bucket": A_BUCKET, "key": A_KEY},
        properties=lambda account: {"bucket": account.id("bucket"), "rules": with_key(account)},
        changes=(
            lambda account: {"rules": encrypted("AES256")},
            lambda account: {"rules": encrypted("aws:kms", bucketKeyEnabled=True)},
        ),
        lasting=True,
    ),
    Case(
        type=BUCKET_PUBLIC_ACCESS_BLOCK,
        needs={"bucket": A_BUCKET},
        properties=lambda account: {"bucket": account.id("bucket"), "blockPublicAcls": True, "blockPublicPolicy": True},
        changes=(lambda account: {"blockPublicAcls": None, "restrictPublicBuckets": True, "ignorePublicAcls": True},),
    ),
    Case(
        type=BUCKET_OWNERSHIP_CONTROLS,
        needs={"bucket": A_BUCKET},
        properties=lambda account: {
            "bucket": account.id("bucket"),
            "rule": {"objectOwnership": "BucketOwnerEnforced"},
        },
        changes=(lambda account: {"rule": {"objectOwnership": "BucketOwnerPreferred"}},),
    ),
    Case(
        type=BUCKET_POLICY,
        needs={"bucket": A_BUCKET},
        properties=lambda account: {"bucket": account.id("bucket"), "policy": only_by_tls("one")},
        changes=(lambda account: {"policy": only_by_tls("two")},),
    ),
    Case(
        type=BUCKET_LIFECYCLE,
        needs={"bucket": A_BUCKET},
        properties=lambda account: {"bucket": account.id("bucket"), "rules": [EXPIRE]},
        changes=(
            lambda account: {"rules": [EXPIRE, ARCHIVE, TIDY]},
            lambda account: {"rules": [TIDY, {**EXPIRE, "expiration": {"days": 14}}]},
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


@pytest.mark.parametrize(
    ("type", "properties"),
    [
        (BUCKET_VERSIONING, {"versioningConfiguration": {"status": "Suspended"}}),
        (BUCKET_ENCRYPTION, {"rules": encrypted("AES256")}),
    ],
)
def test_what_every_bucket_has_is_an_object_where_the_stack_asks_for_it(
    account: Account, type: str, properties: dict[str, Any]
) -> None:
    account.make("bucket", A_BUCKET[0], A_BUCKET[1](account))
    assert account.listed(type) == []
    made = account.make("setting", type, {"bucket": "acme-models", **properties})
    account.made.pop("setting")
    assert account.listed(type) == []
    assert [present.id for present in account.listed(type, Interest(frozenset({made.id})))] == ["acme-models"]
    account.provider.delete(account.target("setting", type, {}, made.id), account.journal())
