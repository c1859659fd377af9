"""Addresses within the cluster that modules know of each other."""

from __future__ import annotations

MONITORING = "monitoring"  # the namespace of Prometheus and Grafana
SERVING = "serving"  # the namespace of models that are services

# Of the component `prometheus`, whose operator is told to call it so.
PROMETHEUS = f"http://kube-prometheus.{MONITORING}.svc.cluster.local:9090"
