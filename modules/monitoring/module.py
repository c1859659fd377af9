"""What is measured and kept: metrics, dashboards, logs, alerts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Value
from mlinfra.library import Block, Check, Place, Scope, Wish
from mlinfra.library.forms import Name
from mlinfra.library.outputs import Cluster, LoadBalancer, Monitoring, NodeGroup

from .alarms import add_alarms
from .cluster_alerts import add_cluster_alerts
from .dashboards import add_dashboards
from .gateways import add_gateways
from .log_groups import Logs, add_log_groups, retention_problems
from .logs_source import add_logs_source
from .managed_prometheus import Metrics, add_workspace, metric_problems
from .receivers import Receiver, add_receivers, receiver_problems
from .rules import Rule

SECTION = Place("monitoring")
NEEDS = (Cluster, NodeGroup, LoadBalancer)
USES = ("prometheus", "dcgm-exporter", "fluent-bit", "loki")
Outputs = Monitoring


class Alerts(Block, frozen=True, kw_only=True):
    """What alarms whom."""

    receivers: Annotated[
        dict[Name, Receiver], Meta(description="who hears of alerts; without any, nothing is watched")
    ] = {}
    rules: Annotated[tuple[Rule, ...], Meta(description="what is alarming")] = (
        "node-not-ready",
        "spot-interruption",
        "endpoint-errors",
    )


class Inputs(Block, frozen=True, kw_only=True):
    """What is measured and kept."""

    metrics: Annotated[Metrics, Meta(description="where metrics go")] = Metrics()
    dashboards: Annotated[Literal["grafana", "none"], Meta(description="dashboards; sign-in is required")] = "grafana"
    gpu: Annotated[Literal["dcgm", "none"], Meta(description="what measures GPUs")] = "dcgm"
    logs: Annotated[Logs, Meta(description="where logs go")] = Logs()
    alerts: Annotated[Alerts, Meta(description="what alarms whom")] = Alerts()


CHECKS = (
    Check(metric_problems, ("metrics",)),
    Check(retention_problems, ("logs",)),
    Check(receiver_problems, ("alerts.receivers",)),
)


def wishes(inputs: Inputs, facts: Facts) -> Iterator[Wish]:
    """What measures in the cluster, and what gathers logs there."""
    # Beside a workspace, what is kept in the cluster is for dashboards and autoscalers.
    kept = inputs.metrics.retention if inputs.metrics.kind == "prometheus" else "1d"
    yield Wish("prometheus", {"retention": kept, "dashboards": inputs.dashboards == "grafana"})
    if inputs.gpu == "dcgm":
        yield Wish("dcgm-exporter")
    if inputs.logs.kind != "none":
        yield Wish("fluent-bit")
    if inputs.logs.kind == "loki":
        yield Wish("loki", {"retentionHours": inputs.logs.hours})


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Make what AWS keeps and watches."""
    alerts = inputs.alerts
    cluster = scope.one(Cluster)
    scope.settle()
    _say_what_is_idle(scope, inputs)
    told = add_receivers(scope, alerts.receivers, facts)
    if told.topics:
        add_alarms(scope, alerts.rules, told, scope.every(NodeGroup), scope.every(LoadBalancer))
    endpoint: Value = None
    if inputs.metrics.kind == "amp":
        read = inputs.dashboards == "grafana"
        endpoint = add_workspace(scope, cluster, alerts.rules, told, facts, read=read)["prometheusEndpoint"]
    elif told.topics:
        add_cluster_alerts(scope, cluster, alerts.rules, told.topics, facts)
    add_gateways(scope, scope.every(LoadBalancer), shown=inputs.dashboards == "grafana")
    if inputs.dashboards == "grafana":
        add_dashboards(scope)
        if inputs.logs.kind == "loki":
            add_logs_source(scope)
    log_groups = add_log_groups(scope, inputs.logs, cluster) if inputs.logs.kind == "cloudwatch" else {}
    return Monitoring(
        alerts_topic_arn=told.own.arn if told.own is not None else None,
        prometheus_endpoint=endpoint,
        told=told.topics,
        logs=inputs.logs.kind,
        log_groups=log_groups,
        dashboards=inputs.dashboards == "grafana",
    )


def _say_what_is_idle(scope: Scope, inputs: Inputs) -> None:
    if not inputs.alerts.receivers:
        hint = "name who hears of it under alerts.receivers, or take rules out"
        scope.idle("alerts", "rules", because="no receiver would hear of it, and nothing is watched", hint=hint)
    if inputs.logs.kind == "none":
        scope.idle("logs", "retention", because="logs go nowhere", hint="take it out, or say where logs go in kind")
