"""Interruptions: the queue by which a program of the cluster hears that AWS takes a machine away, or is about to.

For modules. EventBridge hands over what EC2, Auto Scaling and AWS Health tell; the queue takes it from these rules and
from nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlinfra.core.value import Json
from mlinfra.library.scope import Handle, Scope

TYPES = (
    "aws:cloudwatch/eventRule:EventRule",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:sqs/queue:Queue",
    "aws:sqs/queuePolicy:QueuePolicy",
)
# By a name of ours: who tells, and what (EventBridge, "Events from AWS services"; both programs name the same ones).
SPOT = {
    "spot-interruption": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "state-change": ("aws.ec2", "EC2 Instance State-change Notification"),
    "health": ("aws.health", "AWS Health Event"),
}
# Older news are of no use: a spot machine goes two minutes after its warning.
_KEPT = 300


def add_queue(scope: Scope, events: Mapping[str, tuple[str, str]]) -> tuple[Handle, list[Handle]]:
    """Add the queue and its rules; answers the queue, and what must stand before anything is heard."""
    queue = scope.add("interruptions", "aws:sqs/queue:Queue", {"messageRetentionSeconds": _KEPT})
    rules = {name: _add_rule(scope, name, source, kind) for name, (source, kind) in events.items()}
    policy = scope.add(
        "interruptions.policy",
        "aws:sqs/queuePolicy:QueuePolicy",
        {"queueUrl": queue["url"], "policy": Json(_policy(queue, rules.values()))},
    )
    targets = [
        scope.add(
            f"interruptions.{name}.queue",
            "aws:cloudwatch/eventTarget:EventTarget",
            {"rule": rule["name"], "targetId": "queue", "arn": queue.arn},
            depends_on=[policy],
        )
        for name, rule in rules.items()
    ]
    return queue, [policy, *targets]


def _add_rule(scope: Scope, name: str, source: str, kind: str) -> Handle:
    pattern = {"source": [source], "detail-type": [kind]}
    return scope.add(f"interruptions.{name}", "aws:cloudwatch/eventRule:EventRule", {"eventPattern": Json(pattern)})


def _policy(queue: Handle, rules: Iterable[Handle]) -> dict[str, object]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue.arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": [rule.arn for rule in rules]}},
            },
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sqs:*",
                "Resource": queue.arn,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ],
    }
