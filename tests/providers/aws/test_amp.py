from __future__ import annotations

import pytest

from mlinfra.providers.aws.services.amp import RULE_GROUP_NAMESPACE, WORKSPACE
from mlinfra.providers.aws.services.logs import LOG_GROUP
from tests.providers.aws.lifecycle import Account, Case, live


def rules(threshold: int) -> str:
    return f"groups:\n  - name: gpu\n    rules:\n      - alert: Idle\n        expr: util < {threshold}\n"


A_WORKSPACE = (WORKSPACE, lambda account: {"alias": "demo"})
A_LOG = (LOG_GROUP, lambda account: {"name": "/aws/prometheus/demo"})
CASES = [
    Case(
        type=WORKSPACE,
        needs={"log": A_LOG},
        properties=lambda account: {"alias": "demo", "tags": {"team": "recsys"}},
        changes=(
            lambda account: {"alias": "other"},
            lambda account: {"loggingConfiguration": {"logGroupArn": account.output("log", "arn")}},
            lambda account: {"loggingConfiguration": None},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
    Case(
        type=RULE_GROUP_NAMESPACE,
        needs={"workspace": A_WORKSPACE},
        properties=lambda account: {
            "workspaceId": account.id("workspace"),
            "name": "gpu",
            "data": rules(5),
            "tags": {"team": "recsys"},
        },
        changes=(lambda account: {"data": rules(10)}, lambda account: {"tags": {"team": "search"}}),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)
