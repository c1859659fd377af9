from __future__ import annotations

import pytest

from mlinfra.core.observed import Absent, Present
from mlinfra.core.value import Secret
from mlinfra.providers.aws.services.secretsmanager import SECRET
from mlinfra.providers.aws.services.secretsmanager_version import SECRET_VERSION
from mlinfra.sandbox.faults import FaultKind, FaultRule, When
from tests.providers.aws.lifecycle import Account, Case, live

A_SECRET = (SECRET, lambda account: {"name": "recsys/webhook", "recoveryWindowInDays": 0})
CASES = [
    Case(
        name="a value from another secret",
        type=SECRET_VERSION,
        needs={"secret": A_SECRET},
        properties=lambda account: {"secretId": account.id("secret"), "secretString": Secret("env", "token", "")},
    ),
    Case(
        name="a value that is generated",
        type=SECRET_VERSION,
        needs={"secret": A_SECRET},
        properties=lambda account: {"secretId": account.id("secret")},
    ),
]


def value(account: Account) -> str:
    return str(account.calls.one("secretsmanager", "GetSecretValue", {"SecretId": "recsys/webhook"})["SecretString"])


def generate(account: Account, name: str = "it") -> Present:
    return account.make(name, SECRET_VERSION, {"secretId": account.id("secret")})


@pytest.fixture
def holder(account: Account) -> Account:
    account.make("secret", *(A_SECRET[0], A_SECRET[1](account)))
    return account


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


def test_a_value_from_another_secret_is_put_and_never_shown(holder: Account) -> None:
    properties = {"secretId": holder.id("secret"), "secretString": Secret("env", "token", "")}
    made = holder.make("it", SECRET_VERSION, properties)
    assert value(holder) == "s3cr3t-value"
    assert "s3cr3t-value" not in repr(made)


def test_a_generated_value_is_long_plain_and_never_shown(holder: Account) -> None:
    made = generate(holder)
    assert len(value(holder)) == 40
    assert value(holder).isalnum()
    assert value(holder) not in repr(made)


def test_a_value_that_is_there_is_found_again_and_not_generated_twice(holder: Account) -> None:
    made, before = generate(holder), value(holder)
    found = holder.provider.find(holder.target("it", SECRET_VERSION, {"secretId": holder.id("secret")}))
    assert isinstance(found, Present)
    assert (found.id, value(holder)) == (made.id, before)


def test_a_value_that_was_let_go_without_an_answer_is_let_go(holder: Account) -> None:
    made, properties = generate(holder), {"secretId": holder.id("secret")}
    target = holder.target("it", SECRET_VERSION, properties, made.id)
    holder.server.faults.add(
        FaultRule(kind=FaultKind.RESET, operation="UpdateSecretVersionStage", when=When.AFTER, count=1)
    )
    holder.provider.delete(target, holder.journal())
    assert isinstance(holder.provider.find(target), Absent)


def test_a_value_that_somebody_else_put_is_not_ours(holder: Account) -> None:
    holder.calls.one("secretsmanager", "PutSecretValue", {"SecretId": "recsys/webhook", "SecretString": "theirs"})
    found = holder.provider.find(holder.target("it", SECRET_VERSION, {"secretId": holder.id("secret")}))
    assert isinstance(found, Absent)


def test_a_rotation_is_no_drift(holder: Account) -> None:
    made = generate(holder)
    holder.calls.one("secretsmanager", "PutSecretValue", {"SecretId": "recsys/webhook", "SecretString": "rotated"})
    assert [present.id for present in holder.listed(SECRET_VERSION)] == [made.id]
    assert value(holder) == "rotated"


def test_what_takes_the_place_of_a_value_is_the_only_one_that_is_ours(holder: Account) -> None:
    first, second = generate(holder, "first"), generate(holder, "second")
    assert first.id != second.id
    assert [present.id for present in holder.listed(SECRET_VERSION)] == [second.id]


def test_what_is_deleted_is_the_claim_while_the_value_stays_for_those_who_use_it(holder: Account) -> None:
    made, before = generate(holder), value(holder)
    properties = {"secretId": holder.id("secret")}
    holder.provider.delete(holder.target("it", SECRET_VERSION, properties, made.id), holder.journal())
    assert holder.listed(SECRET_VERSION) == []
    assert value(holder) == before
