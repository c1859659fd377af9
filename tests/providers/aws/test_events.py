from __future__ import annotations

import json

import pytest

from mlinfra.providers.aws.services.events import EVENT_RULE, EVENT_TARGET
from tests.providers.aws.lifecycle import Account, Case, live
from tests.providers.aws.test_sqs import A_QUEUE, DEAD_LETTERS


def interruption(*types: str) -> str:
    return json.dumps({"source": ["aws.ec2"], "detail-type": list(types)})


A_RULE = (EVENT_RULE, lambda account: {"name": "interruptions", "eventPattern": interruption("one")})
TRANSFORMER = {"inputPaths": {"instance": "$.detail.instance-id"}, "inputTemplate": '"<instance> is taken away"'}
CASES = [
    Case(
        type=EVENT_RULE,
        properties=lambda account: {
            "name": "interruptions",
            "description": "spot instances that are taken away",
            "eventPattern": interruption("EC2 Spot Instance Interruption Warning"),
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"eventPattern": interruption("EC2 Instance Rebalance Recommendation")},
            lambda account: {"state": "DISABLED", "description": None},
            lambda account: {"state": None},
            lambda account: {"eventPattern": None, "scheduleExpression": "rate(1 hour)"},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
    Case(
        type=EVENT_TARGET,
        needs={"rule": A_RULE, "queue": A_QUEUE, "dead": DEAD_LETTERS},
        properties=lambda account: {
            "rule": account.id("rule"),
            "targetId": "karpenter",
            "arn": account.output("queue", "arn"),
        },
        changes=(
            lambda account: {"arn": account.output("dead", "arn")},
            lambda account: {"deadLetterConfig": {"arn": account.output("dead", "arn")}},
            lambda account: {"retryPolicy": {"maximumRetryAttempts": 3}, "deadLetterConfig": None},
            lambda account: {"inputTransformer": TRANSFORMER},
            lambda account: {"inputTransformer": None, "input": json.dumps({"kind": "interruption"})},
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)
