"""Budgets, and who hears of them.

Calls and fields: AWS Budgets API reference, 2016-10-20. Names and replacement: Pulumi's AWS schema 7.51, of budgets
with one limit, without adjustment, filter expressions and views of others.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mlinfra.core.property import Replace, block, boolean, list_of, number, set_of, text
from mlinfra.core.resource_type import NameRule, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Shape, Tagging, Update
from mlinfra.providers.aws.forms import EMAIL
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.canonical import ordered_by
from mlinfra.providers.aws.template import ID, TAG_KEYS, TAGS, Computed, Template, call, prop, when
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

BUDGET = "aws:budgets/budget:Budget"

_TIME = "%Y-%m-%d_%H:%M"  # Pulumi's spelling
_ACCOUNT = Computed(lambda work: work.site.account)


def same_amount(amount: Any) -> Any:
    """AWS shows 12000 as 12000.0."""
    try:
        return f"{float(amount):f}".rstrip("0").rstrip(".")
    except (TypeError, ValueError):
        return amount


def _to_moment(value: Any) -> Any:
    try:
        return datetime.strptime(value, _TIME).replace(tzinfo=UTC).isoformat()
    except (TypeError, ValueError):
        return value  # the schema's pattern says what is wrong


_MOMENT = Shape(
    outward=_to_moment,
    inward=lambda shown: shown.astimezone(UTC).strftime(_TIME) if isinstance(shown, datetime) else shown,
)
_SUBSCRIBERS = (("SubscriberEmailAddresses", "EMAIL"), ("SubscriberSnsTopicArns", "SNS"))


def _notification_outward(asked: Any) -> Any:
    """A notification apart from those who hear of it."""
    fields = ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")
    subscribers = [
        {"SubscriptionType": kind, "Address": address} for name, kind in _SUBSCRIBERS for address in asked.get(name, [])
    ]
    return {"Notification": {name: asked[name] for name in fields if name in asked}, "Subscribers": subscribers}


def _notification_inward(shown: Any) -> Any:
    found = {
        name: [one["Address"] for one in shown["Subscribers"] if one["SubscriptionType"] == kind]
        for name, kind in _SUBSCRIBERS
    }
    return {**shown["Notification"], **found}


def _budgets(reader: Reader, wanted: Wanted) -> list[Item]:
    return reader.pages("budgets", "DescribeBudgets", "Budgets", {"AccountId": reader.site.account})


def _with_notifications(reader: Reader, item: Item) -> Item:
    name = item["BudgetName"]
    about = {"AccountId": reader.site.account, "BudgetName": name}
    shown = reader.pages("budgets", "DescribeNotificationsForBudget", "Notifications", about)
    found = []
    for one in shown:
        asked = {key: value for key, value in one.items() if key != "NotificationState"}
        answer = reader.one("budgets", "DescribeSubscribersForNotification", {**about, "Notification": asked}, name)
        found.append({"Notification": asked, "Subscribers": answer["Subscribers"]})
    return {**item, "Notifications": found}


def _notify(work: Work) -> None:
    """A notification is known by what it says; one that changes is another one."""
    kept = [_spelling(one) for one in work.api("notifications") or []]
    shown = work.prior.properties.get("notifications", []) if work.prior is not None else []
    held = [_spelling(_notification_outward({_api(name): value for name, value in one.items()})) for one in shown]
    about = {"AccountId": work.site.account, "BudgetName": work.id}
    for one in held:
        if one not in kept:
            work.call("DeleteNotification", Notification=one["Notification"], **about)
    for one in kept:
        if one not in held:
            work.call("CreateNotification", **one, **about)


def _api(name: str) -> str:
    return name[0].upper() + name[1:]


def _spelling(notification: Item) -> Item:
    """Two of one meaning are equal."""
    about = {**notification["Notification"], "Threshold": float(notification["Notification"]["Threshold"])}
    return {"Notification": about, "Subscribers": sorted(notification["Subscribers"], key=str)}


_COSTS = (
    "includeCredit",
    "includeDiscount",
    "includeOtherSubscription",
    "includeRecurring",
    "includeRefund",
    "includeSubscription",
    "includeSupport",
    "includeTax",
    "includeUpfront",
)
_BUDGET_FIELDS = {
    "budgetType": text(required=True),
    "timeUnit": text(required=True),
    "limitAmount": text(canonical=same_amount),
    "limitUnit": text(),
    "costFilters": list_of(
        block({"name": text(required=True), "values": set_of(text(), required=True)}),
        default=[],
        canonical=ordered_by("name"),
    ),
    "costTypes": block(
        {
            **{name: boolean(default=True) for name in _COSTS},
            "useAmortized": boolean(default=False),
            "useBlended": boolean(default=False),
        }
    ),
    "timePeriodStart": text(pattern=r"^\d{4}-\d\d-\d\d_\d\d:\d\d$"),
    "timePeriodEnd": text(default="2087-06-15_00:00", pattern=r"^\d{4}-\d\d-\d\d_\d\d:\d\d$"),
}
_TEMPLATE: Template = {
    "BudgetName": prop("name"),
    "BudgetType": prop("budgetType"),
    "TimeUnit": prop("timeUnit"),
    "BudgetLimit": when("limitAmount", {"Amount": prop("limitAmount"), "Unit": prop("limitUnit")}),
    "CostFilters": prop("costFilters"),
    "CostTypes": prop("costTypes"),
    "TimePeriod": {"Start": prop("timePeriodStart"), "End": prop("timePeriodEnd")},
}

_BUDGET = AwsType(
    about=ResourceType(
        token=BUDGET,
        inputs=block(
            {
                "name": text(replace=Replace.CREATE_FIRST),
                **_BUDGET_FIELDS,
                "notifications": list_of(
                    block(
                        {
                            "notificationType": text(required=True),
                            "comparisonOperator": text(required=True),
                            "threshold": number(required=True, canonical=float),
                            "thresholdType": text(required=True),
                            "subscriberEmailAddresses": set_of(text(rules=EMAIL), default=[]),
                            "subscriberSnsTopicArns": set_of(text(refers="aws:sns/topic:Topic"), default=[]),
                        }
                    ),
                    default=[],
                    canonical=ordered_by("notificationType", "thresholdType", "comparisonOperator", "threshold"),
                ),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("name",),
        name=NameRule("name", longest=100, regional=False),
    ),
    service="budgets",
    id="{name}",
    names={"name": "BudgetName"},
    shapes={
        "costFilters": Shape(
            outward=lambda filters: {one["Name"]: one["Values"] for one in filters},
            inward=lambda shown: [{"Name": name, "Values": values} for name, values in sorted(shown.items())],
        ),
        "timePeriodStart": _MOMENT,
        "timePeriodEnd": _MOMENT,
        "notifications[]": Shape(outward=_notification_outward, inward=_notification_inward),
    },
    create=call(
        "CreateBudget",
        AccountId=_ACCOUNT,
        Budget=_TEMPLATE,
        NotificationsWithSubscribers=prop("notifications"),
    ),
    reading=Reading(
        source=_budgets,
        details=_with_notifications,
        one=call("DescribeBudget", AccountId=_ACCOUNT, BudgetName=ID),
        item="Budget",
        outputs={
            "limitAmount": "BudgetLimit.Amount",
            "limitUnit": "BudgetLimit.Unit",
            "timePeriodStart": "TimePeriod.Start",
            "timePeriodEnd": "TimePeriod.End",
            "accountId": "{account}",
            "arn": "arn:{partition}:budgets::{account}:budget/{name}",
        },
    ),
    tagging=Tagging(
        form="list",
        creation={"ResourceTags": TAGS},
        add=call("TagResource", ResourceARN=prop("arn"), ResourceTags=TAGS),
        remove=call("UntagResource", ResourceARN=prop("arn"), ResourceTagKeys=TAG_KEYS),
        path="",
        read=call("ListTagsForResource", ResourceARN=prop("arn")),
        found="ResourceTags",
        arn="arn:{partition}:budgets::{account}:budget/{name}",
    ),
    updates=(
        Update(tuple(_BUDGET_FIELDS), (call("UpdateBudget", AccountId=_ACCOUNT, NewBudget=_TEMPLATE),)),
        Update(("notifications",), _notify),
    ),
    delete=call("DeleteBudget", AccountId=_ACCOUNT, BudgetName=ID),
)

TYPES = (_BUDGET,)
