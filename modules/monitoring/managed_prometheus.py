"""Amazon Managed Prometheus: the workspace, its rules, whom they alarm, and who may write and read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Concat, Value
from mlinfra.library import Block, Handle, Problem, Scope
from mlinfra.library.codes import Code
from mlinfra.library.forms import Duration
from mlinfra.library.outputs import Cluster

from .receivers import Told
from .rules import rules_text
from .writers import add_identity


class Metrics(Block, frozen=True, kw_only=True):
    """Where metrics go."""

    kind: Annotated[
        Literal["prometheus", "amp"], Meta(description="Prometheus in the cluster, or Amazon Managed Prometheus")
    ] = "prometheus"
    retention: Annotated[Duration, Meta(description="prometheus: how long they are kept; amp keeps them 150 days")] = (
        "15d"
    )


def metric_problems(metrics: Metrics) -> Iterator[Problem]:
    """A retention that is not ours to choose."""
    if metrics.kind == "amp" and metrics.retention != Metrics().retention:
        summary = "Amazon Managed Prometheus keeps metrics for 150 days: their retention is not chosen here"
        hint = "take retention out, or choose kind: prometheus"
        yield Problem(Code.METRIC_RETENTION, summary, at=("metrics", "retention"), hint=hint)


def add_workspace(
    scope: Scope, cluster: Cluster, rules: Iterable[str], told: Told, facts: Facts, *, read: bool
) -> Handle:
    """Add the workspace and what belongs to it; `read`: whether dashboards read from it."""
    workspace = scope.add("metrics", "aws:amp/workspace:Workspace", {"alias": scope.stack.name})
    text = rules_text(rules)
    if text and told.topics:
        properties = {"workspaceId": workspace.id, "name": "mlinfra", "data": text}
        scope.add("metrics.rules", "aws:amp/ruleGroupNamespace:RuleGroupNamespace", properties)
        definition = {"workspaceId": workspace.id, "definition": _definition(told.topics, facts)}
        scope.add("metrics.alerts", "aws:amp/alertManagerDefinition:AlertManagerDefinition", definition)
    add_identity(scope, cluster, "metrics.writer", "prometheus", _rights(workspace, ["RemoteWrite"]))
    if read:
        queries = ["QueryMetrics", "GetSeries", "GetLabels", "GetMetricMetadata"]
        add_identity(scope, cluster, "metrics.reader", "grafana", _rights(workspace, queries))
    return workspace


def _rights(workspace: Handle, actions: list[str]) -> list[dict[str, Value]]:
    return [{"Effect": "Allow", "Action": [f"aps:{action}" for action in actions], "Resource": workspace.arn}]


def _definition(topics: Iterable[Value], facts: Facts) -> Concat:
    """Alertmanager's configuration, as a text within the document (user guide, "Alert manager", November 2026)."""
    parts: list[Value] = [
        "alertmanager_config: |\n"
        "  route: {receiver: everybody, group_by: [alertname], repeat_interval: 4h}\n"
        "  receivers:\n"
        "    - name: everybody\n"
        "      sns_configs:\n"
    ]
    for topic in topics:
        parts += ["        - topic_arn: ", topic, f"\n          sigv4: {{region: {facts.region}}}\n"]
    return Concat(tuple(parts))
