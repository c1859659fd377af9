"""Logs of the cluster, kept by Loki in a bucket for as long as the stack says, and read in Grafana."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Properties
from mlinfra.library import Block, Handle, Place, Scope
from mlinfra.library.addon import add_addon, component
from mlinfra.library.bucket import BUCKET_TYPES, add_bucket
from mlinfra.library.contract import (
    Chart,
    Contract,
    Entrance,
    Namespace,
    Permission,
    Statement,
    Teardown,
    Workload,
)
from mlinfra.library.in_cluster import LOKI, LOKI_PORT
from mlinfra.library.outputs import Cluster, Component, NodeGroup

SECTION = Place("components", entry="loki")
NEEDS = (Cluster, NodeGroup)
USES = ("aws-ebs-csi-driver",)
Outputs = Component

_NAME = LOKI
_LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"

CONTRACT = Contract(
    charts=(
        Chart(
            name=_NAME,
            version="18.11.0",
            digest="sha256:d4d99424d197e1460878093c9fced02346669ab0698a0dca7c575ab76fff7aeb",
            repository="https://grafana-community.github.io/helm-charts",
            app_version="3.7.6",
            source="https://github.com/grafana-community/helm-charts/tree/3386a1156177c6bcd7fdb1ad4c6b1dda094296e0",
            looked_up="2026-08-20",
        ),
    ),
    # What gathers logs on the nodes has a namespace of its own.
    namespaces=(Namespace(name=_NAME, entrances=(Entrance("pods", (LOKI_PORT,)),)),),
    workloads=(Workload("StatefulSet", _NAME, _NAME),),
    permissions=(
        Permission(
            service_account=_NAME,
            namespace=_NAME,
            statements=(
                Statement(actions=("s3:ListBucket",), resources=("{bucket}",)),
                Statement(
                    actions=("s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
                    resources=("{bucket}/*",),
                ),
                # The bucket is encrypted with the key that S3 keeps for the account.
                Statement(
                    actions=("kms:Decrypt", "kms:GenerateDataKey"),
                    resources=("arn:{partition}:kms:{region}:{account}:key/*",),
                    conditions={"StringEquals": {"kms:ViaService": "s3.{region}.amazonaws.com"}},
                ),
            ),
        ),
    ),
    cloud=(*BUCKET_TYPES, _LIFECYCLE),
    sign_in="Grafana's, through which logs are read; within the cluster it asks nobody who they are",
    teardown=Teardown(
        recipe="The release, then its namespace, and with it the volumes of what is not in the bucket yet.",
        keeps=("the logs, while their bucket is not empty, unless the stack is ephemeral",),
    ),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Logs of the cluster."""

    retention_hours: Annotated[int, Meta(description="for how many hours logs are kept", ge=24)] = 720


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it. In production three replicas keep each line twice or thrice, until it is in the bucket."""
    bucket = add_bucket(scope, "logs")
    _add_end(scope, bucket)
    replicas = 3 if scope.stack.environment == "production" else 1
    values: Properties = {
        "deploymentMode": "Monolithic",
        "loki": _settings(bucket, inputs.retention_hours, replicas, facts),
        "singleBinary": {
            "replicas": replicas,
            # The chart wants each on a node of its own, and would wait for that for ever.
            "affinity": {"podAntiAffinity": None},
            "topologySpreadConstraints": _SPREAD,
            "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "2Gi"}},
            "persistence": {"size": "10Gi", "storageClass": "gp3"},
        },
        "serviceAccount": {"name": _NAME},
        **{mode: {"replicas": 0} for mode in _OTHER_MODES},
        **_WITHOUT,
    }
    after = [component("aws-ebs-csi-driver")]
    return Component(
        address=add_addon(scope, CONTRACT, facts, values, names={"bucket": bucket.arn}, after=after).address
    )


# What a large installation has besides; the door would be a second way in, to the same.
_OFF: Properties = {"enabled": False}
_WITHOUT: Properties = {
    "chunksCache": _OFF,
    "gateway": _OFF,
    "lokiCanary": _OFF,
    "resultsCache": _OFF,
    "ruler": _OFF,
    "test": _OFF,
    # It would read the secrets of every namespace, for rules that nobody has.
    "rbac": {"namespaced": True},
    "sidecar": {"rules": _OFF},
}
# The chart has three of each by default, and renders nothing where they stand beside the one program
# (templates/validate.yaml and monolithic-values.yaml of the same source).
_OTHER_MODES = ("backend", "read", "write")
_SPREAD = [
    {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"app.kubernetes.io/name": _NAME}},
    }
    for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
]


def _settings(bucket: Handle, hours: int, replicas: int, facts: Facts) -> Properties:
    """Loki's own (https://grafana.com/docs/loki/latest/configure/, 3.7, November 2026)."""
    schema = {
        "from": "2024-04-01",
        "store": "tsdb",
        "object_store": "s3",
        "schema": "v13",
        "index": {"prefix": "index_", "period": "24h"},
    }
    return {
        # One tenant: the cluster.
        "auth_enabled": False,
        "commonConfig": {"replication_factor": replicas},
        "schemaConfig": {"configs": [schema]},
        "storage": {"type": "s3", "bucketNames": {"chunks": bucket["bucket"]}, "s3": {"region": facts.region}},
        "compactor": {"retention_enabled": True, "delete_request_store": "s3"},
        "limits_config": {"retention_period": f"{hours}h"},
        "analytics": {"reporting_enabled": False},
    }


def _add_end(scope: Scope, bucket: Handle) -> None:
    """What Loki deletes is gone for good a week later: the bucket keeps old versions."""
    rule = {
        "id": "deleted-logs",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrentVersionExpiration": {"noncurrentDays": 7},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
    }
    scope.add("logs.lifecycle", _LIFECYCLE, {"bucket": bucket.id, "rules": [rule]})
