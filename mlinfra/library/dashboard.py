"""Dashboards as code. Grafana finds them by their label, in the namespace of the component `prometheus`.

For modules: `monitoring` shows what every cluster has, runtimes what they bring, where the stack has dashboards.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from mlinfra.core.value import Json, Properties
from mlinfra.library.addon import component
from mlinfra.library.in_cluster import MONITORING
from mlinfra.library.outputs import Monitoring
from mlinfra.library.scope import Handle, Scope

_WIDE, _HIGH, _COLUMNS = 12, 8, 2


class Panel(msgspec.Struct, frozen=True):
    """One curve, or several: its title, what is asked of Prometheus, how lines are called, and the unit."""

    title: str
    query: str
    legend: str
    unit: str = "short"


def is_shown(scope: Scope) -> bool:
    """Whether the stack has dashboards; `Monitoring` stands in the module's `NEEDS`."""
    return any(one.dashboards for one in scope.every(Monitoring))


def add_dashboard(scope: Scope, local_name: str, title: str, panels: tuple[Panel, ...]) -> Handle:
    """Add the config map of one."""
    board = {
        "uid": f"mlinfra-{title}",
        "title": title,
        "tags": ["mlinfra"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "panels": list(_laid_out(panels)),
    }
    properties: Properties = {
        "metadata": {"name": f"dashboard-{title}", "namespace": MONITORING, "labels": {"grafana_dashboard": "1"}},
        "data": {f"{title}.json": Json(board)},
    }
    # The namespace is the component's.
    before = [component("prometheus").child("namespace", MONITORING)]
    return scope.add(local_name, "kubernetes:core/v1:ConfigMap", properties, depends_on=before)


def workload_panels(*namespaces: str) -> tuple[Panel, ...]:
    """What is to be seen of any program: whether its pods are ready, what they use, and how often they fail.

    Metrics of kube-state-metrics 2 and of the kubelet (their references, November 2026).
    """
    where = f'namespace=~"{"|".join(namespaces)}"'
    return (
        Panel("pods that are ready", f"sum by (pod) (kube_pod_status_ready{{{where},condition='true'}})", "{{pod}}"),
        Panel(
            "restarts in an hour",
            f"sum by (pod) (increase(kube_pod_container_status_restarts_total{{{where}}}[1h]))",
            "{{pod}}",
        ),
        Panel(
            "processors in use",
            f"sum by (pod) (rate(container_cpu_usage_seconds_total{{{where},container!=''}}[5m]))",
            "{{pod}}",
        ),
        Panel(
            "memory in use",
            f"sum by (pod) (container_memory_working_set_bytes{{{where},container!=''}})",
            "{{pod}}",
            "bytes",
        ),
    )


def _laid_out(panels: tuple[Panel, ...]) -> Iterator[dict[str, object]]:
    for index, panel in enumerate(panels):
        row, column = divmod(index, _COLUMNS)
        yield {
            "id": index + 1,
            "title": panel.title,
            "type": "timeseries",
            "datasource": {"type": "prometheus", "uid": "prometheus"},
            "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
            "gridPos": {"h": _HIGH, "w": _WIDE, "x": column * _WIDE, "y": row * _HIGH},
            "targets": [{"refId": "A", "expr": panel.query, "legendFormat": panel.legend}],
        }
