from __future__ import annotations

import pytest

from mlinfra.core.errors import InvalidRequest
from mlinfra.core.value import Secret
from mlinfra.providers.aws.services.ssm import PARAMETER
from tests.providers.aws.lifecycle import Account, Case, live

CASES = [
    Case(
        type=PARAMETER,
        properties=lambda account: {
            "name": "/recsys/threshold",
            "type": "String",
            "insecureValue": "0.5",
            "description": "of the ranker",
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"insecureValue": "0.6"},
            lambda account: {"description": None},
            lambda account: {"tags": {"team": "search"}},
        ),
        listed_by_tags=False,
    ),
    Case(
        name="a secret",
        type=PARAMETER,
        properties=lambda account: {
            "name": "/recsys/webhook",
            "type": "SecureString",
            "value": Secret("sm", "token"),
        },
        changes=(lambda account: {"description": "where to call"},),
        listed_by_tags=False,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


def test_a_secret_is_resolved_at_the_call_and_is_nowhere_in_what_is_answered(account: Account) -> None:
    secret = {"name": "/webhook", "type": "SecureString", "value": Secret("sm", "token")}
    made = account.make("webhook", PARAMETER, secret)
    assert "s3cr3t-value" not in repr(made)
    stored = account.calls.one("ssm", "GetParameter", {"Name": "/webhook", "WithDecryption": True})
    assert stored["Parameter"]["Value"] == "s3cr3t-value"


def test_a_refusal_does_not_repeat_the_secret(account: Account) -> None:
    refused = {"name": "/webhook", "type": Secret("sm", "token"), "insecureValue": "x"}
    with pytest.raises(InvalidRequest) as caught:
        account.make("webhook", PARAMETER, refused)
    assert "s3cr3t-value" not in str(caught.value)
    assert "***" in str(caught.value)
