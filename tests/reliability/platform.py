"""The seventh stack: a cluster and what runs on it, so that deaths fall on AWS, Kubernetes and Helm in one run.

Its chart is that of `examples/in-cluster`. An update is one of the account, of an object and of the release; a
replacement is of the nodes beneath, and of the release with all its objects.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .stacks import Document, Form, document, raw

_CHART = Path(__file__).parents[2] / "examples/in-cluster/charts/batcher"


def _form(machine: str, replicas: int, namespace: str) -> Document:
    endpoint = {"public": True, "allowedCidrs": ["203.0.113.0/24"]}
    metadata: dict[str, Any] = {"name": namespace, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}
    release: dict[str, Any] = {"name": "batcher", "namespace": namespace, "chart": str(_CHART)}
    values = {"replicas": replicas, "queue": "${resources.work.url}"}
    batch = {"metadata": {"name": "nightly", "namespace": namespace}, "spec": {"schedule": "0 3 * * *", "items": 1}}
    return document(
        "platform",
        lifecycle={"environment": "development"},
        network={"cidr": "10.7.0.0/16", "zones": 2, "nat": "none", "nodeSubnets": "public", "flowLogs": False},
        cluster={
            "version": "1.33",
            "secretsEncryption": False,
            "logs": [],
            "endpoint": endpoint,
        },
        nodeGroups={"system": {"instances": [machine], "min": 1, "max": replicas}},
        resources={
            "work": raw("aws:sqs/queue:Queue", visibilityTimeoutSeconds=60 * replicas),
            "space": raw("kubernetes:core/v1:Namespace", metadata=metadata),
            "batcher": raw("kubernetes:helm.sh/v3:Release", **release, values=values),
            "nightly": raw("kubernetes:batches.example.com/v1:Batch", **batch),
        },
    )


PLATFORM = Form(
    "platform",
    _form("m6i.large", 1, "batches"),
    _form("m6i.large", 2, "batches"),
    _form("m6i.xlarge", 2, "jobs"),
)
