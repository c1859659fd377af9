"""Alerts of Prometheus in the cluster: rules as objects, and through Alertmanager to the same topics as all others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mlinfra.core.facts import Facts
from mlinfra.core.value import Properties, Value
from mlinfra.library import Scope
from mlinfra.library.addon import component
from mlinfra.library.in_cluster import MONITORING
from mlinfra.library.outputs import Cluster

from .rules import WATCHES, Watch
from .writers import add_identity

_COUNTED = "by (namespace, model)"
# What Triton counts of its models (user guide, "Metrics", 26.10, November 2026): no mesh is needed to see these.
_OF_SERVERS = {
    "endpoint-errors": Watch(
        f"sum {_COUNTED} (rate(nv_inference_request_failure[5m])) / clamp_min(sum {_COUNTED} "
        "(rate(nv_inference_request_success[5m]) + rate(nv_inference_request_failure[5m])), 1e-9) > 0.05",
        "5m",
        "more than 5% of the requests to a model fail",
    ),
    "endpoint-latency": Watch(
        f"sum {_COUNTED} (rate(nv_inference_request_duration_us[5m])) / 1e6 / clamp_min(sum {_COUNTED} "
        "(rate(nv_inference_request_success[5m])), 1e-9) > 5",
        "10m",
        "a request to a model takes longer than 5 seconds on average",
    ),
}


def add_cluster_alerts(
    scope: Scope, cluster: Cluster, rules: Iterable[str], topics: tuple[Value, ...], facts: Facts
) -> None:
    """Add the rules, and whom they alarm. What only AWS sees, its own alarms watch."""
    watched = [entry for rule in rules for entry in _watched(rule)]
    if not watched:
        return
    metadata = {"name": "mlinfra", "namespace": MONITORING}
    before = [component("prometheus")]
    rule: Properties = {"groups": [{"name": "mlinfra", "rules": watched}]}
    scope.add("alerts.rules", f"{_API}/v1:PrometheusRule", {"metadata": metadata, "spec": rule}, depends_on=before)
    route = {"receiver": "everybody", "groupBy": ["alertname"], "repeatInterval": "4h"}
    sns = [{"topicARN": topic, "sigv4": {"region": facts.region}, "sendResolved": True} for topic in topics]
    spec: Properties = {"route": route, "receivers": [{"name": "everybody", "snsConfigs": sns}]}
    config = {"metadata": metadata, "spec": spec}
    scope.add("alerts.routing", f"{_API}/v1alpha1:AlertmanagerConfig", config, depends_on=before)
    publish = {"Effect": "Allow", "Action": ["sns:Publish"], "Resource": list(topics)}
    add_identity(scope, cluster, "alerts.publisher", "alertmanager", [publish])


_API = "kubernetes:monitoring.coreos.com"


def _watched(rule: str) -> Iterator[dict[str, Value]]:
    for watches in (WATCHES, _OF_SERVERS):
        if watch := watches.get(rule):
            summary = {"summary": watch.summary}
            yield {"alert": rule, "expr": watch.expression, "for": watch.lasting, "annotations": summary}
