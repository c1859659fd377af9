from __future__ import annotations

import pytest

from mlinfra.providers.aws.services.logs import LOG_GROUP
from tests.providers.aws.lifecycle import Account, Case, live
from tests.providers.aws.test_kms import A_KEY

CASES = [
    Case(
        type=LOG_GROUP,
        needs={"key": A_KEY, "other": A_KEY},
        properties=lambda account: {
            "name": "/aws/eks/demo/cluster",
            "retentionInDays": 30,
            "kmsKeyId": account.output("key", "arn"),
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"retentionInDays": 90},
            lambda account: {"retentionInDays": None},
            lambda account: {"kmsKeyId": account.output("other", "arn")},
            lambda account: {"kmsKeyId": None},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)
