"""Dashboards as code: GPUs, nodes, endpoints, and what is paid for. Grafana finds them by their label."""

from __future__ import annotations

from mlinfra.library import Scope
from mlinfra.library.dashboard import Panel, add_dashboard

# Metrics of DCGM exporter 4, node exporter 1, kube-state-metrics 2 and Triton 26.10 (their references, November 2026).
_GROUP = "label_mlinfra_node_group"
_KIND = "label_node_kubernetes_io_instance_type"
_PANELS: dict[str, tuple[Panel, ...]] = {
    "gpu": (
        Panel("use", "avg by (Hostname, gpu) (DCGM_FI_DEV_GPU_UTIL)", "{{Hostname}} {{gpu}}", "percent"),
        Panel(
            "memory in use",
            "DCGM_FI_DEV_FB_USED / (DCGM_FI_DEV_FB_USED + DCGM_FI_DEV_FB_FREE)",
            "{{Hostname}} {{gpu}}",
            "percentunit",
        ),
        Panel("temperature", "DCGM_FI_DEV_GPU_TEMP", "{{Hostname}} {{gpu}}", "celsius"),
        Panel("power", "DCGM_FI_DEV_POWER_USAGE", "{{Hostname}} {{gpu}}", "watt"),
        Panel("faults", "increase(DCGM_FI_DEV_XID_ERRORS[1h])", "{{Hostname}} {{gpu}}"),
    ),
    "nodes": (
        Panel(
            "ready, by group",
            f"sum by ({_GROUP}) (kube_node_status_condition{{condition='Ready',status='true'}} "
            f"* on (node) group_left ({_GROUP}) kube_node_labels)",
            f"{{{{{_GROUP}}}}}",
        ),
        Panel(
            "processors in use",
            "1 - avg by (instance) (rate(node_cpu_seconds_total{mode='idle'}[5m]))",
            "{{instance}}",
            "percentunit",
        ),
        Panel(
            "memory in use",
            "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
            "{{instance}}",
            "percentunit",
        ),
        Panel("pods without a node", "sum by (namespace) (kube_pod_status_unschedulable)", "{{namespace}}"),
    ),
    "endpoints": (
        Panel("requests a second", "sum by (model) (rate(nv_inference_request_success[1m]))", "{{model}}", "reqps"),
        Panel("failures a second", "sum by (model) (rate(nv_inference_request_failure[1m]))", "{{model}}", "reqps"),
        Panel("requests in flight", "sum by (model) (rate(nv_inference_request_duration_us[1m])) / 1e6", "{{model}}"),
        Panel(
            "time of a request",
            "sum by (model) (rate(nv_inference_request_duration_us[1m])) "
            "/ sum by (model) (rate(nv_inference_request_success[1m])) / 1e6",
            "{{model}}",
            "s",
        ),
        Panel(
            "replicas",
            "kube_deployment_status_replicas_available{namespace='serving'}",
            "{{deployment}}",
        ),
    ),
    # What AWS bills are hours of machines: these are theirs, and those of GPUs that nobody used.
    "cost": (
        Panel(
            "hours of nodes in a day, by type",
            f"sum by ({_KIND}) (sum_over_time(kube_node_labels[1d:1h]))",
            f"{{{{{_KIND}}}}}",
            "h",
        ),
        Panel(
            "hours of GPUs in a day, by namespace",
            "sum by (namespace) (sum_over_time(kube_pod_container_resource_requests"
            "{resource='nvidia_com_gpu'}[1d:1h]))",
            "{{namespace}}",
            "h",
        ),
        Panel(
            "hours of GPUs in a day that hardly worked",
            "sum(sum_over_time((DCGM_FI_DEV_GPU_UTIL < bool 5)[1d:1h]))",
            "idle",
            "h",
        ),
    ),
}


def add_dashboards(scope: Scope) -> None:
    """Add each of them."""
    for title, panels in _PANELS.items():
        add_dashboard(scope, f"dashboards.{title}", title, panels)
