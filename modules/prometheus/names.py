"""Names that others rely on: what asks Prometheus, and what gives service accounts their rights."""

from __future__ import annotations

NAME = "kube"  # prometheus-kube, alertmanager-kube
NAMESPACE = "monitoring"
NODE_EXPORTER = "node-exporter"
