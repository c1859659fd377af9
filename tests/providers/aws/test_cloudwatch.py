from __future__ import annotations

import json

import pytest

from mlinfra.providers.aws.services.cloudwatch import DASHBOARD, METRIC_ALARM
from tests.providers.aws.lifecycle import Account, Case, live

TOPIC = "arn:aws:sns:us-east-1:123456789012:"


def body(title: str) -> str:
    return json.dumps({"widgets": [{"type": "text", "properties": {"markdown": title}}]})


def ratio(period: int) -> list[dict[str, object]]:
    def count(id: str, name: str) -> dict[str, object]:
        metric = {"namespace": "Models", "metricName": name, "period": period, "stat": "Sum"}
        return {"id": id, "metric": {**metric, "dimensions": {"Endpoint": "ranker"}}}

    total = {"id": "rate", "expression": "errors / requests", "label": "error rate", "returnData": True}
    return [total, count("errors", "Errors"), count("requests", "Requests")]


CASES = [
    Case(
        type=METRIC_ALARM,
        properties=lambda account: {
            "name": "gpu-idle",
            "namespace": "ContainerInsights",
            "metricName": "node_gpu_utilization",
            "dimensions": {"ClusterName": "demo", "NodeName": "all"},
            "statistic": "Average",
            "period": 300,
            "evaluationPeriods": 3,
            "datapointsToAlarm": 2,
            "threshold": 5,
            "comparisonOperator": "LessThanThreshold",
            "alarmActions": [TOPIC + "pager", TOPIC + "mail"],
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"threshold": 7.5, "evaluationPeriods": 4},
            lambda account: {"alarmActions": [TOPIC + "mail"], "okActions": [TOPIC + "mail"]},
            lambda account: {"okActions": None, "insufficientDataActions": [TOPIC + "mail"]},
            lambda account: {"treatMissingData": "breaching", "alarmDescription": "GPUs that nobody uses"},
            lambda account: {"treatMissingData": None, "alarmDescription": None},
            lambda account: {"actionsEnabled": False},
            lambda account: {"statistic": None, "extendedStatistic": "p99"},
            lambda account: {"evaluateLowSampleCountPercentiles": "ignore", "datapointsToAlarm": None},
            lambda account: {"dimensions": {"ClusterName": "demo"}, "comparisonOperator": "GreaterThanThreshold"},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
    Case(
        name="alarm on an expression",
        type=METRIC_ALARM,
        properties=lambda account: {
            "name": "endpoint-errors",
            "metricQueries": ratio(60),
            "evaluationPeriods": 1,
            "threshold": 0.05,
            "comparisonOperator": "GreaterThanThreshold",
        },
        changes=(lambda account: {"metricQueries": list(reversed(ratio(300)))},),
    ),
    Case(
        type=DASHBOARD,
        properties=lambda account: {"dashboardName": "demo", "dashboardBody": body("one")},
        changes=(lambda account: {"dashboardBody": body("two")},),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


def test_the_tags_of_all_alarms_are_read_in_one_call(account: Account) -> None:
    alarm = {"namespace": "A", "metricName": "b", "statistic": "Sum", "period": 60, "evaluationPeriods": 1}
    alarm |= {"threshold": 1, "comparisonOperator": "GreaterThanThreshold"}
    for number in range(5):
        account.make(f"a{number}", METRIC_ALARM, {**alarm, "name": f"a{number}"})
    account.server.calls.clear()
    assert len(account.listed(METRIC_ALARM)) == 5
    assert sorted(call.operation for call in account.server.calls.records()) == ["DescribeAlarms", "GetResources"]
