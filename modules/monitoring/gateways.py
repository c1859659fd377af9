"""What the gateways of load balancers count: requests, errors, and how long they take; measured and shown."""

from __future__ import annotations

from collections.abc import Iterable

from mlinfra.core.value import Properties
from mlinfra.library import Scope
from mlinfra.library.addon import component
from mlinfra.library.dashboard import Panel, add_dashboard
from mlinfra.library.in_cluster import MONITORING
from mlinfra.library.outputs import LoadBalancer

# The ports that pods of the charts show their metrics on, by name (gateway 1.31, ingress-nginx 4.15; November 2026).
_SHOWN = {
    "istio": {"port": "http-envoy-prom", "path": "/stats/prometheus"},
    "nginx": {"port": "metrics", "path": "/metrics"},
}
# Istio 1.31, "Istio Standard Metrics": a gateway reports as the source. ingress-nginx 1.15, "Monitoring".
_TO = "destination_service_name"
_PANELS = {
    "istio": (
        Panel(
            "requests a second",
            f'sum by ({_TO}) (rate(istio_requests_total{{reporter="source"}}[1m]))',
            f"{{{{{_TO}}}}}",
            "reqps",
        ),
        Panel(
            "failed requests",
            f'sum by ({_TO}) (rate(istio_requests_total{{reporter="source",response_code=~"5.."}}[5m])) '
            f'/ sum by ({_TO}) (rate(istio_requests_total{{reporter="source"}}[5m]))',
            f"{{{{{_TO}}}}}",
            "percentunit",
        ),
        Panel(
            "time of the slowest hundredth",
            f"histogram_quantile(0.99, sum by (le, {_TO}) "
            '(rate(istio_request_duration_milliseconds_bucket{reporter="source"}[5m])))',
            f"{{{{{_TO}}}}}",
            "ms",
        ),
    ),
    "nginx": (
        Panel(
            "requests a second, by ingress",
            "sum by (ingress) (rate(nginx_ingress_controller_requests[1m]))",
            "{{ingress}}",
            "reqps",
        ),
        Panel(
            "failed requests, by ingress",
            'sum by (ingress) (rate(nginx_ingress_controller_requests{status=~"5.."}[5m])) '
            "/ sum by (ingress) (rate(nginx_ingress_controller_requests[5m]))",
            "{{ingress}}",
            "percentunit",
        ),
        Panel(
            "time of the slowest hundredth, by ingress",
            "histogram_quantile(0.99, sum by (le, ingress) "
            "(rate(nginx_ingress_controller_request_duration_seconds_bucket[5m])))",
            "{{ingress}}",
            "s",
        ),
    ),
}


def add_gateways(scope: Scope, balancers: Iterable[LoadBalancer], *, shown: bool) -> None:
    """Have the pods of each measured, and shown on one dashboard where there are any."""
    inside = [one for one in balancers if one.door is not None]
    for balancer in inside:
        _add_monitor(scope, balancer)
    kinds = dict.fromkeys(one.gateway for one in inside)
    if shown and inside:
        panels = tuple(panel for kind in kinds for panel in _PANELS[kind])
        add_dashboard(scope, "dashboards.gateways", "gateways", panels)


def _add_monitor(scope: Scope, balancer: LoadBalancer) -> None:
    door = balancer.door
    assert door is not None
    spec: Properties = {
        "namespaceSelector": {"matchNames": [door.name]},
        "selector": {"matchLabels": {"app.kubernetes.io/name": door.pods}},
        "podMetricsEndpoints": [{**_SHOWN[balancer.gateway], "interval": "30s"}],
    }
    properties: Properties = {"metadata": {"name": door.name, "namespace": MONITORING}, "spec": spec}
    token = "kubernetes:monitoring.coreos.com/v1:PodMonitor"
    name = balancer.address.parts[-1]
    scope.add(f"gateways.{name}", token, properties, depends_on=[component("prometheus")])
