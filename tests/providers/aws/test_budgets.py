from __future__ import annotations

from typing import Any

from mlinfra.providers.aws.services.budgets import BUDGET
from tests.providers.aws.lifecycle import Account, Case, live


def notify(threshold: float, kind: str, *addresses: str) -> dict[str, Any]:
    return {
        "notificationType": kind,
        "comparisonOperator": "GREATER_THAN",
        "threshold": threshold,
        "thresholdType": "PERCENTAGE",
        "subscriberEmailAddresses": list(addresses),
    }


MONTHLY = Case(
    type=BUDGET,
    properties=lambda account: {
        "name": "recsys-prod",
        "budgetType": "COST",
        "timeUnit": "MONTHLY",
        "limitAmount": "12000",
        "limitUnit": "USD",
        "timePeriodStart": "2026-11-01_00:00",
        "costFilters": [{"name": "TagKeyValue", "values": ["user:mlinfra:stack$recsys-prod"]}],
        "notifications": [notify(80, "ACTUAL", "ml@acme.example"), notify(100, "FORECASTED", "ml@acme.example")],
        "tags": {"team": "recsys"},
    },
    changes=(
        lambda account: {"limitAmount": "15000.5"},
        lambda account: {
            "notifications": [notify(100, "FORECASTED", "ml@acme.example"), notify(90, "ACTUAL", "ml@acme.example")]
        },
        lambda account: {"notifications": [notify(90, "ACTUAL", "ml@acme.example", "boss@acme.example")]},
        lambda account: {"notifications": None},
        lambda account: {"costFilters": None},
        lambda account: {"costTypes": {"includeCredit": False, "includeRefund": False}},
        lambda account: {"timePeriodEnd": "2027-11-01_00:00"},
        lambda account: {"tags": {"team": "search"}},
    ),
    listed_by_tags=False,
)


def test_it_lives(account: Account) -> None:
    live(account, MONTHLY)
