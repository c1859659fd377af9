from __future__ import annotations

import json

import pytest

from mlinfra.providers.aws.services.sqs import QUEUE, QUEUE_POLICY
from tests.providers.aws.lifecycle import Account, Case, live
from tests.providers.aws.test_kms import A_KEY


def may_send(*services: str) -> str:
    statement = {
        "Sid": "events",
        "Effect": "Allow",
        "Principal": {"Service": list(services)},
        "Action": "sqs:SendMessage",
        "Resource": "arn:aws:sqs:us-east-1:123456789012:interruptions",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def redrive(account: Account, count: object) -> str:
    return json.dumps({"deadLetterTargetArn": account.output("dead", "arn"), "maxReceiveCount": count})


A_QUEUE = (QUEUE, lambda account: {"name": "interruptions"})
DEAD_LETTERS = (QUEUE, lambda account: {"name": "dead-letters"})
CASES = [
    Case(
        type=QUEUE,
        needs={"key": A_KEY, "dead": DEAD_LETTERS},
        properties=lambda account: {
            "name": "interruptions",
            "messageRetentionSeconds": 300,
            "sqsManagedSseEnabled": True,
            "redrivePolicy": redrive(account, "4"),
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"messageRetentionSeconds": 600, "visibilityTimeoutSeconds": 60},
            lambda account: {"visibilityTimeoutSeconds": None},
            lambda account: {"delaySeconds": 10, "receiveWaitTimeSeconds": 20, "maxMessageSize": 2048},
            lambda account: {"redrivePolicy": redrive(account, 5)},
            lambda account: {"redrivePolicy": None, "redriveAllowPolicy": '{"redrivePermission": "denyAll"}'},
            lambda account: {"redriveAllowPolicy": None},
            lambda account: {"sqsManagedSseEnabled": None, "kmsMasterKeyId": account.output("key", "arn")},
            lambda account: {"kmsDataKeyReusePeriodSeconds": 600},
            lambda account: {"kmsMasterKeyId": None, "kmsDataKeyReusePeriodSeconds": None},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
    Case(
        name="first in, first out",
        type=QUEUE,
        properties=lambda account: {"name": "steps.fifo", "fifoQueue": True, "contentBasedDeduplication": True},
        changes=(lambda account: {"contentBasedDeduplication": None},),
    ),
    Case(
        type=QUEUE_POLICY,
        needs={"queue": A_QUEUE},
        properties=lambda account: {"queueUrl": account.id("queue"), "policy": may_send("events.amazonaws.com")},
        changes=(lambda account: {"policy": may_send("sqs.amazonaws.com", "events.amazonaws.com")},),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)
