from __future__ import annotations

import pytest

from mlinfra.providers.aws.services.amp import ALERT_MANAGER, RULE_GROUP_NAMESPACE, WORKSPACE
from mlinfra.providers.aws.services.logs import LOG_GROUP
from tests.providers.aws.lifecycle import Account, Case, live


def rules(threshold: int) -> str:
    return f"groups:\n  - name: gpu\n    rules:\n      - alert: Idle\n        expr: util < {threshold}\n"


def whom(topic: str) -> str:
    return f"""alertmanager_config: |
  route: {{receiver: all}}
  receivers: [{{name: all, sns_configs: [{{topic_arn: "{topic}", sigv4: {{region: us-east-1}}}}]}}]
"""


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
    Case(
        type=ALERT_MANAGER,
        needs={"workspace": A_WORKSPACE},
        properties=lambda account: {
            "workspaceId": account.id("workspace"),
            "definition": whom("arn:aws:sns:us-east-1:123456789012:first"),
        },
        changes=(lambda account: {"definition": whom("arn:aws:sns:us-east-1:123456789012:second")},),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)
