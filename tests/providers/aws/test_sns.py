from __future__ import annotations

import json

import pytest

from mlinfra.core.provider import Interest
from mlinfra.providers.aws.services.sns import TOPIC, TOPIC_POLICY, TOPIC_SUBSCRIPTION
from tests.providers.aws.lifecycle import Account, Case, live
from tests.providers.aws.test_kms import A_KEY
from tests.providers.aws.test_sqs import A_QUEUE


def may_publish(service: str) -> str:
    statement = {"Sid": "alarms", "Effect": "Allow", "Principal": {"Service": service}, "Action": "sns:Publish"}
    resource = "arn:aws:sns:us-east-1:123456789012:alerts"
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Resource": resource}]})


A_TOPIC = (TOPIC, lambda account: {"name": "alerts"})
CASES = [
    Case(
        type=TOPIC,
        needs={"key": A_KEY},
        properties=lambda account: {"name": "alerts", "displayName": "Alerts", "tags": {"team": "recsys"}},
        changes=(
            lambda account: {"displayName": "Alarms"},
            lambda account: {"displayName": None},
            lambda account: {"kmsMasterKeyId": account.output("key", "arn")},
            lambda account: {"kmsMasterKeyId": None, "signatureVersion": 2},
            lambda account: {"tracingConfig": "Active", "signatureVersion": None},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
    Case(
        name="first in, first out",
        type=TOPIC,
        properties=lambda account: {"name": "steps.fifo", "fifoTopic": True, "contentBasedDeduplication": True},
        changes=(lambda account: {"contentBasedDeduplication": None},),
    ),
    Case(
        type=TOPIC_POLICY,
        needs={"topic": A_TOPIC},
        properties=lambda account: {"arn": account.id("topic"), "policy": may_publish("cloudwatch.amazonaws.com")},
        changes=(lambda account: {"policy": may_publish("events.amazonaws.com")},),
    ),
    Case(
        type=TOPIC_SUBSCRIPTION,
        needs={"topic": A_TOPIC, "queue": A_QUEUE},
        properties=lambda account: {
            "topic": account.id("topic"),
            "protocol": "sqs",
            "endpoint": account.output("queue", "arn"),
            "rawMessageDelivery": True,
            "filterPolicy": json.dumps({"severity": ["critical"]}),
        },
        changes=(
            lambda account: {"rawMessageDelivery": None},
            lambda account: {"filterPolicy": json.dumps({"severity": ["critical", "warning"]})},
            lambda account: {"filterPolicy": None},
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


def test_a_subscription_by_mail_is_known_before_anybody_confirms_it(account: Account) -> None:
    topic = account.make("topic", A_TOPIC[0], A_TOPIC[1](account))
    properties = {"topic": topic.id, "protocol": "email", "endpoint": "oncall@acme.example"}
    made = account.make("mail", TOPIC_SUBSCRIPTION, properties)
    assert made.properties["pendingConfirmation"] is True
    [listed] = account.listed(TOPIC_SUBSCRIPTION, Interest(frozenset({made.id})))
    assert listed.properties == made.properties
    account.provider.delete(account.target("mail", TOPIC_SUBSCRIPTION, {}, made.id), account.journal())


def test_a_topic_has_a_policy_of_its_own_which_is_nobodys_object(account: Account) -> None:
    topic = account.make("topic", A_TOPIC[0], A_TOPIC[1](account))
    assert "__default_statement_ID" in str(topic.properties["policy"])
    assert account.listed(TOPIC_POLICY) == []
