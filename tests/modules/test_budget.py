from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mlinfra.core.address import Address
from mlinfra.core.stack import Target
from mlinfra.core.value import Ref
from tests.library.samples import FACTS, graph_of, properties
from tests.modules.cases import CLUSTER, RECEIVERS, watched


def _made(budget: dict[str, Any], **about: Any) -> dict[str, Any]:
    return properties(graph_of({"lifecycle": {"budget": budget}}, **about), "lifecycle.budget")


@pytest.mark.parametrize(("amount", "spelt"), [(12000, "12000"), (99.5, "99.50"), (1234567.0, "1234567")])
def test_a_budget_is_of_the_stacks_own_costs_by_the_month(amount: float, spelt: str) -> None:
    made = _made({"monthlyUSD": amount}, name="recsys")
    assert (made["limitAmount"], made["limitUnit"], made["timeUnit"]) == (spelt, "USD", "MONTHLY")
    assert made["costFilters"] == [{"name": "TagKeyValue", "values": ["user:mlinfra:stack$recsys"]}]


def test_machines_of_the_cluster_count_whoever_starts_them() -> None:
    graph = graph_of({**CLUSTER, "lifecycle": {"budget": {"monthlyUSD": 600}}}, name="recsys")
    (counted,) = properties(graph, "lifecycle.budget")["costFilters"]
    assert counted["values"] == ["user:mlinfra:stack$recsys", "aws:eks:cluster-name$recsys"]


def test_the_owner_is_told_when_most_and_all_is_spent_and_when_more_is_expected() -> None:
    told = _made({"monthlyUSD": 600}, owner="ml@acme.example")["notifications"]
    assert [(one["notificationType"], one["threshold"]) for one in told] == [
        ("ACTUAL", 80.0),
        ("ACTUAL", 100.0),
        ("FORECASTED", 100.0),
    ]
    assert all(one["subscriberEmailAddresses"] == ["ml@acme.example"] for one in told)


def test_an_owner_without_an_address_is_not_told() -> None:
    assert "notifications" not in _made({"monthlyUSD": 600}, owner="the platform team")


def test_the_topic_for_alerts_is_told_as_well() -> None:
    sections = {**watched(alerts={"receivers": RECEIVERS}), "lifecycle": {"budget": {"monthlyUSD": 600}}}
    first, *_ = properties(graph_of(sections), "lifecycle.budget")["notifications"]
    assert first["subscriberSnsTopicArns"] == [Ref(Address("monitoring.alerts.topic"), ("arn",))]
    assert "subscriberEmailAddresses" not in first


@pytest.mark.parametrize("lifecycle", [{}, {"budget": None}, {"ttl": "8h"}])
def test_without_a_budget_there_is_none(lifecycle: dict[str, Any]) -> None:
    assert not list(graph_of({"lifecycle": lifecycle}))


def test_where_there_are_no_bills_there_is_none() -> None:
    elsewhere = msgspec.structs.replace(FACTS, partition="aws-us-gov", region="us-gov-west-1")
    sections = {"lifecycle": {"budget": {"monthlyUSD": 600}}}
    assert not list(graph_of(sections, facts=elsewhere))
    assert not list(graph_of(sections, target=Target(platform="kubernetes")))
