"""What AWS itself watches: alarms on machines and load balancers, and notices of interrupted spot machines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlinfra.core.value import Json, Properties, Value
from mlinfra.library import Scope
from mlinfra.library.outputs import LoadBalancer, NodeGroup

from .receivers import Told

_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
_PERIOD = 60
_ERRORS_PERCENT = 5
_LATENCY_SECONDS = 5


def add_alarms(
    scope: Scope, rules: Iterable[str], told: Told, groups: Iterable[NodeGroup], balancers: Iterable[LoadBalancer]
) -> None:
    """Add what AWS can watch of `rules`."""
    chosen = set(rules)
    if "node-not-ready" in chosen:
        # Machines of a node pool are in no scaling group, by which EC2 could add them up.
        for group in (one for one in groups if not one.pool):
            _alarm(scope, told, "node-not-ready", group.key, _unwell(group))
    for balancer in balancers:
        name = balancer.address.parts[-1]
        if "endpoint-errors" in chosen:
            for part, properties in _failing(balancer).items():
                _alarm(scope, told, "endpoint-errors", f"{name}.{part}" if part else name, properties)
        if "endpoint-latency" in chosen and balancer.type == "application":
            _alarm(scope, told, "endpoint-latency", name, _slow(balancer))
    if "spot-interruption" in chosen:
        _add_interruptions(scope, told)


def _alarm(scope: Scope, told: Told, rule: str, name: str, properties: Properties) -> None:
    actions: Properties = {"alarmActions": list(told.topics), "okActions": list(told.topics)}
    # Where nothing runs there is nothing to measure: that is no alarm.
    scope.add(f"alerts.{rule}.{name}", _ALARM, {**properties, **actions, "treatMissingData": "notBreaching"})


def _unwell(group: NodeGroup) -> Properties:
    """EC2's own checks of the machines and of what they run on; whether Kubernetes can use them, Prometheus tells."""
    return {
        "alarmDescription": "a machine of the group fails the status checks of EC2",
        "namespace": "AWS/EC2",
        "metricName": "StatusCheckFailed",
        "dimensions": {"AutoScalingGroupName": group.scaling_group},
        "statistic": "Maximum",
        "period": _PERIOD,
        "evaluationPeriods": 5,
        "threshold": 1.0,
        "comparisonOperator": "GreaterThanOrEqualToThreshold",
    }


def _failing(balancer: LoadBalancer) -> dict[str, Properties]:
    """Answers that are errors where requests are seen; elsewhere, that there is no pod to hand connections to."""
    if balancer.type == "application":
        return {"": _errors(balancer)}
    return {name: _nobody(balancer, target.arn_suffix) for name, target in balancer.target_groups.items()}


def _errors(balancer: LoadBalancer) -> Properties:
    counts = {
        "service": "HTTPCode_Target_5XX_Count",
        "balancer": "HTTPCode_ELB_5XX_Count",
        "requests": "RequestCount",
    }
    share = "100 * (FILL(service, 0) + FILL(balancer, 0)) / requests"
    queries: list[dict[str, Any]] = [
        {"id": "share", "expression": share, "label": "failed requests in percent", "returnData": True},
        *({"id": name, "metric": _metric(balancer, metric), "returnData": False} for name, metric in counts.items()),
    ]
    return {
        "alarmDescription": f"more than {_ERRORS_PERCENT}% of the requests are answered with an error",
        "metricQueries": queries,
        "evaluationPeriods": 5,
        "datapointsToAlarm": 3,
        "threshold": float(_ERRORS_PERCENT),
        "comparisonOperator": "GreaterThanThreshold",
    }


def _metric(balancer: LoadBalancer, name: str) -> Properties:
    dimensions = {"LoadBalancer": balancer.arn_suffix}
    metric: Properties = {"namespace": "AWS/ApplicationELB", "metricName": name, "dimensions": dimensions}
    return {**metric, "period": _PERIOD, "stat": "Sum"}


def _nobody(balancer: LoadBalancer, group: Value) -> Properties:
    return {
        "alarmDescription": "there is no healthy pod to hand connections to",
        "namespace": "AWS/NetworkELB",
        "metricName": "HealthyHostCount",
        "dimensions": {"LoadBalancer": balancer.arn_suffix, "TargetGroup": group},
        "statistic": "Maximum",
        "period": _PERIOD,
        "evaluationPeriods": 3,
        "threshold": 1.0,
        "comparisonOperator": "LessThanThreshold",
    }


def _slow(balancer: LoadBalancer) -> Properties:
    return {
        "alarmDescription": f"one request in a hundred takes longer than {_LATENCY_SECONDS} seconds",
        "namespace": "AWS/ApplicationELB",
        "metricName": "TargetResponseTime",
        "dimensions": {"LoadBalancer": balancer.arn_suffix},
        "extendedStatistic": "p99",
        "period": _PERIOD,
        "evaluationPeriods": 10,
        "datapointsToAlarm": 5,
        "threshold": float(_LATENCY_SECONDS),
        "comparisonOperator": "GreaterThanThreshold",
    }


def _add_interruptions(scope: Scope, told: Told) -> None:
    """Tell of spot machines that EC2 takes back; the event does not say whose they are (EC2 user guide)."""
    pattern = {"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]}
    rule = scope.add(
        "alerts.spot-interruption",
        "aws:cloudwatch/eventRule:EventRule",
        {"description": "spot machines that are taken back", "eventPattern": Json(pattern)},
    )
    said = '"Spot instance <instance> of region <region> is taken back: <action>."'
    paths = {"instance": "$.detail.instance-id", "action": "$.detail.instance-action", "region": "$.region"}
    for name, topic in told.by_name.items():
        properties: Properties = {
            "rule": rule["name"],
            "arn": topic,
            "inputTransformer": {"inputPaths": paths, "inputTemplate": said},
        }
        scope.add(f"alerts.spot-interruption.{name}", "aws:cloudwatch/eventTarget:EventTarget", properties)
