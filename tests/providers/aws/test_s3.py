from __future__ import annotations

import msgspec
import pytest

from mlinfra.core.errors import Conflict
from mlinfra.providers.aws.services.s3 import BUCKET
from tests.providers.aws.lifecycle import Account, Case, live

CASES = [
    Case(
        type=BUCKET,
        properties=lambda account: {"bucket": "acme-models", "tags": {"team": "recsys"}},
        changes=(
            lambda account: {"tags": {"team": "search", "more": "x"}},
            lambda account: {"tags": {"team": "search"}},
            lambda account: {"forceDestroy": True},
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


def test_a_bucket_with_objects_is_deleted_only_by_force(account: Account) -> None:
    made = account.make("bucket", BUCKET, {"bucket": "acme-models"})
    for key in ("a", "b"):
        account.calls.one("s3", "PutObject", {"Bucket": made.id, "Key": key, "Body": b"x"})
    target = account.target("bucket", BUCKET, {"bucket": "acme-models"}, made.id)
    with pytest.raises(Conflict, match="not empty"):
        account.provider.delete(target, account.journal())
    forced = msgspec.structs.replace(target, properties={"bucket": "acme-models", "forceDestroy": True})
    account.provider.delete(forced, account.journal())
    assert account.calls.one("s3", "ListBuckets")["Buckets"] == []
