from __future__ import annotations

import pytest

from mlinfra.core.address import Address
from mlinfra.core.errors import InvalidRequest
from mlinfra.core.observed import Present
from mlinfra.core.plan import Cause
from mlinfra.core.value import Properties, Secret, path_text
from mlinfra.engine.diff import compare
from mlinfra.engine.seal import seal_object
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.providers.aws.offline import complaints
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
        name="a plain value",
        type=PARAMETER,
        properties=lambda account: {"name": "/recsys/hosts", "type": "StringList", "value": "one,two"},
        changes=(lambda account: {"value": "one,two,three"},),
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


@pytest.mark.parametrize("kind", ["String", "SecureString"])
def test_a_value_that_anybody_may_read_is_held_against_what_is_there_and_a_secret_never_is(
    kind: str, account: Account
) -> None:
    desired = {"name": "/recsys/threshold", "type": kind, "value": "0.5"}
    made = account.make("threshold", PARAMETER, desired)
    account.calls.one("ssm", "PutParameter", {"Name": made.id, "Type": kind, "Value": "0.9", "Overwrite": True})
    seen = account.provider.find(account.target("threshold", PARAMETER, desired, made.id))
    assert isinstance(seen, Present)
    about, address = catalogue()[PARAMETER].about, Address("resources.threshold")
    sealed = [seal_object(about, address, 1, present, [desired]).fields for present in (made, seen)]
    fields = compare(about, desired, desired, seen.properties, made.properties).fields
    named = [(path_text(field.path), field.before, field.cause) for field in fields]
    if kind == "String":
        assert named == [("value", "0.9", Cause.DRIFT)]
        assert sealed[0]["value"] != sealed[1]["value"]
    else:
        assert named == [("value", "0.5", Cause.DRIFT)]  # by its version: somebody wrote it, what, nobody can tell
        assert {name for name in sealed[0] if sealed[0][name] != sealed[1][name]} == {"version"}
        assert "0.9" not in repr(seen)


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"type": "String", "value": Secret("sm", "token")}, ["type is String"]),
        ({"type": "SecureString", "insecureValue": "0.5"}, ["insecureValue is no value"]),
        ({"type": "SecureString", "value": Secret("sm", "token")}, []),
        ({"type": "String", "value": "0.5"}, []),
    ],
)
def test_a_secret_is_not_kept_where_anybody_may_read_it(properties: Properties, said: list[str]) -> None:
    found = list(complaints(catalogue()[PARAMETER], {"name": "x", **properties}))
    assert [text[: len(start)] for text, start in zip(found, said, strict=True)] == said
