"""Queues, topics, events, alarms, dashboards, measurements, budgets."""

from __future__ import annotations

import json
from typing import Any

from ..things import Thing
from .identities import document
from .table import IDENTITY, IMMUTABLE, Deletes, Edit, Edits, Exceptions, edit, of, out

QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
WORKSPACE = "aws:amp/workspace:Workspace"
RULES = "aws:amp/ruleGroupNamespace:RuleGroupNamespace"
ALERTS = "aws:amp/alertManagerDefinition:AlertManagerDefinition"
BUDGET = "aws:budgets/budget:Budget"

_TAGS = [{"Key": "team", "Value": "edited"}]


def _queue(**attributes: str) -> Edit:
    return edit("sqs", "set_queue_attributes", "QueueUrl", Attributes=attributes)


def _topic(name: str, value: str) -> Edit:
    return edit("sns", "set_topic_attributes", "TopicArn", AttributeName=name, AttributeValue=value)


def _subscription(name: str, value: str) -> Edit:
    return edit("sns", "set_subscription_attributes", "SubscriptionArn", AttributeName=name, AttributeValue=value)


def _alarm(name: str, value: Any) -> Edit:
    """The alarm as it is, with another value."""
    kept = (
        "AlarmName",
        "AlarmDescription",
        "ActionsEnabled",
        "OKActions",
        "AlarmActions",
        "InsufficientDataActions",
        "MetricName",
        "Namespace",
        "Statistic",
        "ExtendedStatistic",
        "Dimensions",
        "Period",
        "Unit",
        "EvaluationPeriods",
        "DatapointsToAlarm",
        "Threshold",
        "ComparisonOperator",
        "TreatMissingData",
    )

    def make(thing: Thing) -> None:
        client = thing.client("cloudwatch")
        shown = client.describe_alarms(AlarmNames=[thing.id])["MetricAlarms"][0]
        client.put_metric_alarm(**{key: shown[key] for key in kept if shown.get(key)} | {name: value})

    return make


def _rule(name: str, value: str) -> Edit:
    def make(thing: Thing) -> None:
        client = thing.client("events")
        shown = client.describe_rule(Name=thing.id)
        kept = {key: shown[key] for key in ("Name", "Description", "EventPattern", "State") if shown.get(key)}
        client.put_rule(**kept | {name: value})

    return make


def _budget(*path: str, value: Any) -> Edit:
    def make(thing: Thing) -> None:
        client, account = thing.client("budgets"), thing.account.sandbox.account
        shown = client.describe_budget(AccountId=account, BudgetName=thing.id)["Budget"]
        kept = ("BudgetName", "BudgetType", "TimeUnit", "BudgetLimit", "CostFilters", "CostTypes", "TimePeriod")
        budget = {key: shown[key] for key in kept if shown.get(key)}
        at: Any = budget
        for part in path[:-1]:
            at = at.setdefault(part, {})
        at[path[-1]] = value
        client.update_budget(AccountId=account, NewBudget=budget)

    return make


def _detach(thing: Thing) -> None:
    thing.client("events").remove_targets(Rule=thing.inputs["rule"], Ids=["queue"])


_BLANK = json.dumps({"widgets": []})
_BLAND = b"groups:\n  - name: gpu\n    rules: []\n"
_NOBODY = b"alertmanager_config: |\n  route: {receiver: nobody}\n  receivers: [{name: nobody}]\n"

EDITS: Edits = {
    QUEUE: {
        "messageRetentionSeconds": _queue(MessageRetentionPeriod="60"),
        "visibilityTimeoutSeconds": _queue(VisibilityTimeout="7"),
        "sqsManagedSseEnabled": _queue(SqsManagedSseEnabled="false"),
        "redrivePolicy": _queue(RedrivePolicy=""),
        "tags": edit("sqs", "tag_queue", "QueueUrl", Tags={"team": "edited"}),
    },
    QUEUE_POLICY: {
        "policy": edit(
            "sqs",
            "set_queue_attributes",
            QueueUrl=of("queueUrl"),
            Attributes={"Policy": document("sqs:*", Principal={"AWS": "*"})},
        )
    },
    TOPIC: {
        "displayName": _topic("DisplayName", "Edited"),
        "tags": edit("sns", "tag_resource", "ResourceArn", Tags=_TAGS),
    },
    TOPIC_POLICY: {
        "policy": edit(
            "sns",
            "set_topic_attributes",
            TopicArn=of("arn"),
            AttributeName="Policy",
            AttributeValue=document("sns:Publish", Principal={"AWS": "*"}),
        )
    },
    SUBSCRIPTION: {
        "filterPolicy": _subscription("FilterPolicy", '{"severity": ["edited"]}'),
        "rawMessageDelivery": _subscription("RawMessageDelivery", "false"),
    },
    EVENT_RULE: {
        "description": _rule("Description", "by hand"),
        "eventPattern": _rule("EventPattern", '{"source": ["aws.s3"]}'),
        "tags": edit("events", "tag_resource", ResourceARN=out("arn"), Tags=_TAGS),
    },
    EVENT_TARGET: {
        "arn": edit(
            "events",
            "put_targets",
            Rule=of("rule"),
            Targets=lambda thing: [{"Id": "queue", "Arn": thing.other("resources.letters-dead").outputs["arn"]}],
        )
    },
    ALARM: {
        "alarmActions": _alarm("AlarmActions", []),
        "namespace": _alarm("Namespace", "Edited"),
        "metricName": _alarm("MetricName", "edited"),
        "dimensions": _alarm("Dimensions", [{"Name": "ClusterName", "Value": "edited"}]),
        "statistic": _alarm("Statistic", "Maximum"),
        "period": _alarm("Period", 60),
        "evaluationPeriods": _alarm("EvaluationPeriods", 5),
        "datapointsToAlarm": _alarm("DatapointsToAlarm", 3),
        "threshold": _alarm("Threshold", 77.0),
        "comparisonOperator": _alarm("ComparisonOperator", "GreaterThanThreshold"),
        "tags": edit("cloudwatch", "tag_resource", ResourceARN=out("arn"), Tags=_TAGS),
    },
    DASHBOARD: {"dashboardBody": edit("cloudwatch", "put_dashboard", "DashboardName", DashboardBody=_BLANK)},
    WORKSPACE: {
        "alias": edit("amp", "update_workspace_alias", "workspaceId", alias="edited"),
        "tags": edit("amp", "tag_resource", resourceArn=out("arn"), tags={"team": "edited"}),
    },
    RULES: {
        "data": edit("amp", "put_rule_groups_namespace", workspaceId=of("workspaceId"), name=of("name"), data=_BLAND)
    },
    ALERTS: {"definition": edit("amp", "put_alert_manager_definition", "workspaceId", data=_NOBODY)},
    BUDGET: {
        "limitAmount": _budget("BudgetLimit", "Amount", value="7"),
        "costFilters[].values": _budget("CostFilters", "TagKeyValue", value=["user:team$edited"]),
    },
}

EXCEPTIONS: Exceptions = {
    QUEUE: {"name": IDENTITY, "fifoQueue": IMMUTABLE},
    QUEUE_POLICY: {"queueUrl": IDENTITY},
    TOPIC: {"name": IDENTITY, "fifoTopic": IMMUTABLE},
    TOPIC_POLICY: {"arn": IDENTITY},
    SUBSCRIPTION: {"topic": IDENTITY, "protocol": IMMUTABLE, "endpoint": IMMUTABLE},
    EVENT_RULE: {"name": IDENTITY},
    EVENT_TARGET: {"rule": IDENTITY, "targetId": IDENTITY},
    ALARM: {"name": IDENTITY},
    DASHBOARD: {"dashboardName": IDENTITY},
    WORKSPACE: {"kmsKeyArn": IMMUTABLE},
    RULES: {"workspaceId": IDENTITY, "name": IDENTITY},
    ALERTS: {"workspaceId": IDENTITY},
    BUDGET: {"name": IDENTITY},
}

DELETES: Deletes = {
    QUEUE: edit("sqs", "delete_queue", "QueueUrl"),
    QUEUE_POLICY: edit("sqs", "set_queue_attributes", QueueUrl=of("queueUrl"), Attributes={"Policy": ""}),
    TOPIC: edit("sns", "delete_topic", "TopicArn"),
    SUBSCRIPTION: edit("sns", "unsubscribe", "SubscriptionArn"),
    EVENT_RULE: edit("events", "delete_rule", "Name"),
    EVENT_TARGET: _detach,
    ALARM: edit("cloudwatch", "delete_alarms", AlarmNames=lambda thing: [thing.id]),
    DASHBOARD: edit("cloudwatch", "delete_dashboards", DashboardNames=lambda thing: [thing.id]),
    WORKSPACE: edit("amp", "delete_workspace", "workspaceId"),
    RULES: edit("amp", "delete_rule_groups_namespace", workspaceId=of("workspaceId"), name=of("name")),
    ALERTS: edit("amp", "delete_alert_manager_definition", "workspaceId"),
    BUDGET: lambda thing: thing.client("budgets").delete_budget(
        AccountId=thing.account.sandbox.account, BudgetName=thing.id
    ),
}

# A topic always has a policy; AWS puts its own in the place of one that is taken away.
UNDELETABLE = (TOPIC_POLICY,)
