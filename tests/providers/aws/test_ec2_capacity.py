from __future__ import annotations

import pytest

from mlinfra.providers.aws.services.ec2_capacity import CAPACITY_RESERVATION, PLACEMENT_GROUP
from tests.providers.aws.lifecycle import Account, Case, live

CASES = [
    Case(
        type=PLACEMENT_GROUP,
        properties=lambda account: {"name": "training", "strategy": "cluster", "tags": {"team": "recsys"}},
        changes=(lambda account: {"tags": {"team": "search"}},),
    ),
    Case(
        name="placement group of partitions",
        type=PLACEMENT_GROUP,
        properties=lambda account: {"name": "store", "strategy": "partition", "partitionCount": 3},
        changes=(lambda account: {"tags": {"team": "search"}},),
    ),
    Case(
        type=CAPACITY_RESERVATION,
        properties=lambda account: {
            "instanceType": "p4d.24xlarge",
            "instancePlatform": "Linux/UNIX",
            "availabilityZone": "us-east-1a",
            "instanceCount": 2,
            "instanceMatchCriteria": "targeted",
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"instanceCount": 4},
            lambda account: {"endDateType": "limited", "endDate": "2026-12-24T18:00:00+01:00"},
            lambda account: {"endDate": "2026-12-31T00:00:00Z"},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)
