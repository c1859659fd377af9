"""Names that others rely on: what asks Prometheus, and what gives service accounts their rights."""

from __future__ import annotations

from mlinfra.library.in_cluster import MONITORING

NAME = "kube"  # prometheus-kube, alertmanager-kube
NAMESPACE = MONITORING
NODE_EXPORTER = "node-exporter"
