from __future__ import annotations

import json

import pytest

from mlinfra.providers.aws.services.ecr import LIFECYCLE_POLICY, REPOSITORY
from tests.providers.aws.lifecycle import Account, Case, live


def keep(count: int) -> str:
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": count}
    return json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]})


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
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)
