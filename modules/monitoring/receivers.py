"""Receivers: who hears of alerts, and the topic through which they do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Json, Value
from mlinfra.library import Block, Handle, Problem, Scope
from mlinfra.library.codes import Code


class Receiver(Block, frozen=True, kw_only=True):
    """Who hears of an alert; one of the fields."""

    email: Annotated[
        str, Meta(description="an address", pattern=r"^([^@\s]+@[^@\s]+)?$", examples=["ml@example.com"])
    ] = ""
    sns: Annotated[
        str,
        Meta(
            description="ARN of an SNS topic",
            pattern=r"^(arn:aws[a-z-]*:sns:.+)?$",
            examples=["arn:aws:sns:us-east-1:123456789012:oncall"],
        ),
    ] = ""
    webhook: Annotated[
        str, Meta(description="an HTTPS address", pattern=r"^(https://.+)?$", examples=["https://hooks.example.com/x"])
    ] = ""

    @property
    def endpoints(self) -> dict[str, str]:
        """What is given, by the name of the field."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value}


class Told(msgspec.Struct, frozen=True):
    """Where alerts are published: the stack's own topic, and all topics, by what each is called below an alert."""

    own: Handle | None
    by_name: dict[str, Value]

    @property
    def topics(self) -> tuple[Value, ...]:
        """The ARNs of all."""
        return tuple(self.by_name.values())


_PROTOCOLS = {"email": "email", "webhook": "https"}
# Who publishes, and on whose behalf that is allowed. CloudWatch, Managed Prometheus and Budgets name the account that
# they act for; EventBridge is granted without a condition, as its user guide does (SNS developer guide, "Example cases
# for access control"; EventBridge user guide, "Using resource-based policies"; November 2026).
_OF_THIS_ACCOUNT = ("cloudwatch.amazonaws.com", "aps.amazonaws.com", "budgets.amazonaws.com")
_EVENTS = "events.amazonaws.com"


def receiver_problems(receivers: Mapping[str, Receiver]) -> Iterator[Problem]:
    """Receivers that are nobody, several at once, or somebody who hears of it already."""
    seen: dict[str, str] = {}
    for name, receiver in receivers.items():
        at = ("alerts", "receivers", name)
        if len(receiver.endpoints) != 1:
            what = " and ".join(receiver.endpoints) or "nothing"
            hint = "give one of email, sns and webhook; make a receiver of each"
            yield Problem(Code.ALERT_RECEIVER, f"the receiver {name} has {what}", at=at, hint=hint)
            continue
        (endpoint,) = receiver.endpoints.values()
        if endpoint in seen:
            summary = f"{name} and {seen[endpoint]} are the same receiver"
            yield Problem(Code.ALERT_RECEIVER, summary, at=at, hint="take one of them out")
        seen[endpoint] = name


def add_receivers(scope: Scope, receivers: Mapping[str, Receiver], facts: Facts) -> Told:
    """Add the topic and a subscription for each receiver that is not a topic itself."""
    direct = {name: one for name, one in receivers.items() if not one.sns}
    topic = _topic(scope, facts) if direct else None
    for name, receiver in direct.items():
        ((field, endpoint),) = receiver.endpoints.items()
        assert topic is not None
        properties = {"topic": topic.arn, "protocol": _PROTOCOLS[field], "endpoint": endpoint}
        scope.add(f"alerts.receivers.{name}", "aws:sns/topicSubscription:TopicSubscription", properties)
    own: dict[str, Value] = {"topic": topic.arn} if topic is not None else {}
    return Told(topic, own | {f"receivers.{name}": one.sns for name, one in receivers.items() if one.sns})


def _topic(scope: Scope, facts: Facts) -> Handle:
    topic = scope.add("alerts.topic", "aws:sns/topic:Topic", {"displayName": f"alerts of {scope.stack.name}"})
    publish = {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic.arn}
    account = {"StringEquals": {"aws:SourceAccount": facts.account}}
    statements = [
        {**publish, "Sid": "OfThisAccount", "Principal": {"Service": [*_OF_THIS_ACCOUNT]}, "Condition": account},
        {**publish, "Sid": "Events", "Principal": {"Service": _EVENTS}},
    ]
    policy = Json({"Version": "2012-10-17", "Statement": statements})
    scope.add("alerts.topic.policy", "aws:sns/topicPolicy:TopicPolicy", {"arn": topic.arn, "policy": policy})
    return topic
