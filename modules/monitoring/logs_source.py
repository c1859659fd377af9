"""Logs in Grafana: Loki as a source beside Prometheus. Grafana finds it by its label."""

from __future__ import annotations

from mlinfra.core.value import Json, Properties
from mlinfra.library import Scope
from mlinfra.library.addon import component
from mlinfra.library.in_cluster import LOKI_HOST, LOKI_PORT, MONITORING


def add_logs_source(scope: Scope) -> None:
    """Have Grafana ask Loki."""
    source = {
        "name": "Loki",
        "uid": "loki",
        "type": "loki",
        "access": "proxy",
        "url": f"http://{LOKI_HOST}:{LOKI_PORT}",
        "editable": False,
    }
    properties: Properties = {
        "metadata": {"name": "source-logs", "namespace": MONITORING, "labels": {"grafana_datasource": "1"}},
        # JSON is YAML, which is what Grafana reads there.
        "data": {"logs.yaml": Json({"apiVersion": 1, "datasources": [source]})},
    }
    before = [component("prometheus").child("namespace", MONITORING), component("loki")]
    scope.add("dashboards.logs-source", "kubernetes:core/v1:ConfigMap", properties, depends_on=before)
