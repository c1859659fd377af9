"""Alarms and dashboards.

Calls and fields: CloudWatch API reference, 2010-08-01. Names and replacement: Pulumi's AWS schema 7.51, of alarms
without those on queries in PromQL.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.property import Replace, block, boolean, document, integer, list_of, map_of, number, set_of, text
from mlinfra.core.resource_type import NameRule, OwnedBy, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Shape, Tagging, Update
from mlinfra.providers.aws.forms import DASHBOARD_NAME, PERIOD
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.canonical import ordered_by
from mlinfra.providers.aws.services.known_tags import with_known_tags
from mlinfra.providers.aws.services.together import no_more_than
from mlinfra.providers.aws.template import ID, TAG_KEYS, TAGS, call, prop
from mlinfra.providers.aws.wanted import Wanted

METRIC_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"

_DIMENSIONS = Shape(
    outward=lambda shown: [{"Name": name, "Value": value} for name, value in sorted(shown.items())],
    inward=lambda shown: {one["Name"]: one["Value"] for one in shown},
)


def _query_outward(query: Any) -> Any:
    """The metric of a query, apart from the period and statistic over which it is read."""
    metric = query.pop("Metric", None)
    if metric is None:
        return query
    about = {name: metric[name] for name in ("Namespace", "MetricName", "Dimensions") if name in metric}
    how = {name: metric[name] for name in ("Period", "Stat", "Unit") if name in metric}
    return {**query, "MetricStat": {"Metric": about, **how}}


def _query_inward(query: Any) -> Any:
    read = query.get("MetricStat")
    return {**query, "Metric": {**read.get("Metric", {}), **read}} if read else query


_METRIC = block(
    {
        "namespace": text(),
        "metricName": text(required=True),
        "dimensions": map_of(text()),
        "period": integer(required=True, rules=PERIOD),
        "stat": text(required=True),
        "unit": text(),
    }
)
_QUERY = block(
    {
        "id": text(required=True),
        "accountId": text(),
        "expression": text(),
        "label": text(),
        "metric": _METRIC,
        "period": integer(rules=PERIOD),
        "returnData": boolean(default=False),
    }
)

# An alarm is put as a whole: what is taken out of the stack is simply not in it any more.
_ALARM = {
    "alarmDescription": text(default=None),
    "actionsEnabled": boolean(default=True),
    "alarmActions": set_of(text(), default=[]),
    "okActions": set_of(text(), default=[]),
    "insufficientDataActions": set_of(text(), default=[]),
    "namespace": text(default=None),
    "metricName": text(default=None),
    "dimensions": map_of(text(), default={}),
    "statistic": text(default=None),
    "extendedStatistic": text(default=None),
    "unit": text(default=None),
    "period": integer(default=None, rules=PERIOD),
    "evaluationPeriods": integer(),
    "datapointsToAlarm": integer(default=None),
    "threshold": number(default=None),
    "thresholdMetricId": text(default=None),
    "comparisonOperator": text(),
    "treatMissingData": text(default="missing"),
    "evaluateLowSampleCountPercentiles": text(default=None),
    "metricQueries": list_of(_QUERY, default=[], canonical=ordered_by("id")),
}


def _alarms(reader: Reader, wanted: Wanted) -> list[Item]:
    listed = reader.pages("cloudwatch", "DescribeAlarms", "MetricAlarms", {"AlarmTypes": ["MetricAlarm"]})
    return with_known_tags(reader, listed, lambda alarm: alarm["AlarmArn"])


def _with_tags(reader: Reader, item: Item) -> Item:
    if "Tags" in item:
        return item
    answer = reader.one("cloudwatch", "ListTagsForResource", {"ResourceARN": item["AlarmArn"]}, item["AlarmName"])
    return {**item, "Tags": answer.get("Tags", [])}


_METRIC_ALARM = AwsType(
    about=ResourceType(
        token=METRIC_ALARM,
        inputs=block({"name": text(replace=Replace.CREATE_FIRST), **_ALARM, "tags": TAGS_PROPERTY}),
        key=("name",),
        name=NameRule("name", longest=255),
    ),
    service="cloudwatch",
    id="{name}",
    names={
        "name": "AlarmName",
        "okActions": "OKActions",
        "metricQueries": "Metrics",
        "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
    },
    shapes={
        "dimensions": _DIMENSIONS,
        "metricQueries[].metric.dimensions": _DIMENSIONS,
        "metricQueries[]": Shape(outward=_query_outward, inward=_query_inward),
    },
    create=call("PutMetricAlarm", "name", *_ALARM),
    reading=Reading(
        source=_alarms,
        details=_with_tags,
        one=call("DescribeAlarms", AlarmNames=[ID], AlarmTypes=["MetricAlarm"]),
        item="MetricAlarms[0]",
        outputs={"arn": "AlarmArn"},
    ),
    tagging=Tagging(
        form="list",
        creation={"Tags": TAGS},
        add=call("TagResource", ResourceARN=prop("arn"), Tags=TAGS),
        remove=call("UntagResource", ResourceARN=prop("arn"), TagKeys=TAG_KEYS),
        arn="arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}",
    ),
    updates=(Update(tuple(_ALARM), (call("PutMetricAlarm", "name", *_ALARM),)),),
    # CloudWatch user guide, "Evaluating an alarm" (November 2026): so many data points of the last periods.
    against=no_more_than("datapointsToAlarm", "evaluationPeriods"),
    delete=call("DeleteAlarms", AlarmNames=[ID]),
)


def _read_body(reader: Reader, item: Item) -> Item:
    if "DashboardBody" in item:
        return item
    name = item["DashboardName"]
    return {**item, **reader.one("cloudwatch", "GetDashboard", {"DashboardName": name}, name)}


_DASHBOARD = AwsType(
    about=ResourceType(
        token=DASHBOARD,
        inputs=block(
            {
                "dashboardName": text(rules=DASHBOARD_NAME, replace=Replace.CREATE_FIRST),
                "dashboardBody": document(required=True),
            },
        ),
        key=("dashboardName",),
        name=NameRule("dashboardName", longest=255),
        owned_by=OwnedBy.DERIVED_NAME,
    ),
    service="cloudwatch",
    id="{dashboardName}",
    create=call("PutDashboard", "dashboardName", "dashboardBody"),
    reading=Reading(
        listing=call("ListDashboards"),
        items="DashboardEntries",
        details=_read_body,
        one=call("GetDashboard", "dashboardName"),
        item=".",
        outputs={"dashboardArn": "DashboardArn"},
    ),
    updates=(Update(("dashboardBody",), (call("PutDashboard", "dashboardName", "dashboardBody"),)),),
    delete=call("DeleteDashboards", DashboardNames=[ID]),
)

TYPES = (_METRIC_ALARM, _DASHBOARD)
