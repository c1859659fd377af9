from __future__ import annotations

import pytest

from mlinfra.core.errors import InvalidRequest
from mlinfra.providers.aws.services.secretsmanager import SECRET
from tests.providers.aws.lifecycle import Account, Case, live
from tests.providers.aws.test_kms import A_KEY

CASES = [
    Case(
        type=SECRET,
        needs={"key": A_KEY, "other": A_KEY},
        properties=lambda account: {
            "name": "recsys/webhook",
            "description": "where to call",
            "kmsKeyId": account.output("key", "arn"),
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"description": "whom to call"},
            lambda account: {"description": None},
            lambda account: {"kmsKeyId": account.output("other", "arn")},
            lambda account: {"kmsKeyId": None},
            lambda account: {"recoveryWindowInDays": 7},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
    Case(
        name="a secret without a window",
        type=SECRET,
        properties=lambda account: {"name": "recsys/scratch", "recoveryWindowInDays": 0},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


@pytest.mark.parametrize(("window", "left"), [(7, 7), (None, 30), (0, None)])
def test_a_secret_can_be_brought_back_for_as_long_as_was_asked_for(
    window: int | None, left: int | None, account: Account
) -> None:
    properties = {"name": "recsys/webhook"} | ({"recoveryWindowInDays": window} if window is not None else {})
    made = account.make("secret", SECRET, properties)
    account.provider.delete(account.target("secret", SECRET, properties, made.id), account.journal())
    kept = account.calls.one("secretsmanager", "ListSecrets", {"IncludePlannedDeletion": True})["SecretList"]
    days = [(secret["DeletedDate"] - secret["CreatedDate"]).days for secret in kept]
    assert days == ([left] if left else [])


def test_a_name_that_awaits_its_deletion_is_refused_with_the_commands_that_free_it(account: Account) -> None:
    properties = {"name": "recsys/webhook"}
    made = account.make("secret", SECRET, properties)
    account.provider.delete(account.target("secret", SECRET, properties, made.id), account.journal())
    with pytest.raises(InvalidRequest, match="already scheduled for deletion") as caught:
        account.make("secret", SECRET, properties)
    assert "restore-secret --secret-id recsys/webhook" in caught.value.hint
    assert "mlinfra adopt STACK resources.secret ARN" in caught.value.hint
