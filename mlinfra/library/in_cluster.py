"""Addresses within the cluster that modules know of each other."""

from __future__ import annotations

MONITORING = "monitoring"  # the namespace of Prometheus and Grafana
SERVING = "serving"  # the namespace of models that are services

# Of the component `prometheus`, whose operator is told to call it so.
PROMETHEUS = f"http://kube-prometheus.{MONITORING}.svc.cluster.local:9090"

# Of the component `loki`: the name of its namespace and of its service, and where it listens.
LOKI = "loki"
LOKI_PORT = 3100
LOKI_HOST = f"{LOKI}.{LOKI}.svc.cluster.local"

# Of the component `knative`: the gateway before its services, in a namespace that its operator makes, by its name there
# (knative/operator 1.21, cmd/operator/kodata/ingress/1.21/kourier; November 2026).
KOURIER_HOST = "kourier.kourier-system.svc.cluster.local"
KOURIER_PORT = 80

# Of the component `keda-http`: its namespace, where it takes requests for what sleeps, and where KEDA asks how many.
WAKING = "keda-http"
WAKING_HOST = f"keda-add-ons-http-interceptor-proxy.{WAKING}.svc.cluster.local"
WAKING_PORT = 8000
WAKING_SCALER_PORT = 9090
WAKING_SCALER = f"keda-add-ons-http-external-scaler.{WAKING}:{WAKING_SCALER_PORT}"
