from __future__ import annotations

import json

import pytest

from mlinfra.providers.aws.services.ecr import LIFECYCLE_POLICY, REPOSITORY, REPOSITORY_POLICY
from tests.providers.aws.lifecycle import Account, Case, live


def keep(count: int) -> str:
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": count}
    return json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]})


def may(action: str) -> str:
    principal = {"AWS": "arn:aws:iam::123456789012:root"}
    statement = {"Sid": "pull", "Effect": "Allow", "Principal": principal, "Action": action}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


CASES = [
    Case(
        type=REPOSITORY,
        properties=lambda account: {
            "name": "models",
            "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True},
            "encryptionConfigurations": [{"encryptionType": "AES256"}],
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"imageTagMutability": None},
            lambda account: {"imageScanningConfiguration": {"scanOnPush": False}},
            lambda account: {"forceDelete": True},
            lambda account: {"tags": {"team": "search"}},
        ),
        listed_by_tags=False,
    ),
    Case(
        type=LIFECYCLE_POLICY,
        needs={"repository": (REPOSITORY, lambda account: {"name": "models"})},
        properties=lambda account: {"repository": "models", "policy": keep(10)},
        changes=(lambda account: {"policy": keep(20)},),
    ),
    Case(
        type=REPOSITORY_POLICY,
        needs={"repository": (REPOSITORY, lambda account: {"name": "models"})},
        properties=lambda account: {"repository": "models", "policy": may("ecr:BatchGetImage")},
        changes=(lambda account: {"policy": may("ecr:*")},),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


def test_tags_of_repositories_are_read_all_at_once(account: Account) -> None:
    for number in range(3):
        account.make(f"r{number}", REPOSITORY, {"name": f"models-{number}", "tags": {"number": str(number)}})
    account.server.calls.clear()
    listed = account.listed(REPOSITORY)
    assert "ecr:ListTagsForResource" not in account.server.calls.counts()
    assert sorted(present.properties["tags"]["number"] for present in listed) == ["0", "1", "2"]
    assert {str(present.owner.address) for present in listed if present.owner} == {f"resources.r{n}" for n in range(3)}


def test_the_tags_of_one_repository_are_its_own_word(account: Account) -> None:
    made = account.make("it", REPOSITORY, {"name": "models"})
    account.server.calls.clear()
    account.provider.find(account.target("it", REPOSITORY, {"name": "models"}, made.id))
    assert account.server.calls.counts()["ecr:ListTagsForResource"] == 1
