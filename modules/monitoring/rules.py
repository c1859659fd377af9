"""The rules that can be alarming, and how Prometheus watches each: one table for whoever runs it, and wherever."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

Rule = Literal["node-not-ready", "gpu-idle", "gpu-memory", "spot-interruption", "endpoint-errors", "endpoint-latency"]


class Watch(msgspec.Struct, frozen=True):
    """An expression that is alarming as soon as it has held for so long."""

    expression: str
    lasting: str
    summary: str


# Metrics of kube-state-metrics 2, DCGM exporter 4, Istio 1 and ingress-nginx 1 (their references, November 2026). An
# interruption of a spot machine is an event and no metric: EventBridge tells of it.
WATCHES: dict[str, Watch] = {
    "node-not-ready": Watch(
        'kube_node_status_condition{condition="Ready",status="true"} == 0', "10m", "a node has not been ready"
    ),
    "gpu-idle": Watch(
        'avg_over_time(DCGM_FI_DEV_GPU_UTIL{pod!=""}[30m]) < 5', "30m", "a GPU is held by a pod and hardly used"
    ),
    "gpu-memory": Watch(
        "DCGM_FI_DEV_FB_USED / (DCGM_FI_DEV_FB_USED + DCGM_FI_DEV_FB_FREE) > 0.95", "10m", "a GPU's memory is full"
    ),
    "endpoint-errors": Watch(
        'sum by (destination_service_name) (rate(istio_requests_total{response_code=~"5.."}[5m])) '
        "/ sum by (destination_service_name) (rate(istio_requests_total[5m])) > 0.05 or "
        'sum by (ingress) (rate(nginx_ingress_controller_requests{status=~"5.."}[5m])) '
        "/ sum by (ingress) (rate(nginx_ingress_controller_requests[5m])) > 0.05",
        "5m",
        "more than 5% of a service's requests fail",
    ),
    "endpoint-latency": Watch(
        "histogram_quantile(0.99, sum by (le, destination_service_name) "
        "(rate(istio_request_duration_milliseconds_bucket[5m]))) > 5000 or "
        "histogram_quantile(0.99, sum by (le, ingress) "
        "(rate(nginx_ingress_controller_request_duration_seconds_bucket[5m]))) > 5",
        "10m",
        "one request in a hundred takes longer than 5 seconds",
    ),
}


def rules_text(rules: Iterable[str]) -> str:
    """The rules as a rule file of Prometheus; empty without any that it watches."""
    lines = [line for rule in rules if rule in WATCHES for line in _lines(rule, WATCHES[rule])]
    return "\n".join(["groups:", "  - name: mlinfra", "    rules:", *lines, ""]) if lines else ""


def _lines(rule: str, watch: Watch) -> Iterator[str]:
    yield f"      - alert: {rule}"
    yield f"        expr: {_quoted(watch.expression)}"
    yield f"        for: {watch.lasting}"
    yield f"        annotations: {{summary: {_quoted(watch.summary)}}}"


def _quoted(text: str) -> str:
    """A scalar in single quotes: whatever stands in it, YAML reads it as it is."""
    return "'" + text.replace("'", "''") + "'"
