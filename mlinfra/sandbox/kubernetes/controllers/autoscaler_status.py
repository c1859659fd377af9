"""What the cluster autoscaler's stand-in writes down of its groups, as the real one does: `cluster-autoscaler-status`.

Which groups it keeps away from, since when, and why. On AWS it knows no more of a shortage than that there is one; the
reason stands among the scaling group's activities. Form: kubernetes/autoscaler, clusterstate/api/types.go (since 1.30)
and cloudprovider/aws/aws_cloud_provider.go (read 2026-11-25). `cluster_autoscaler` calls it after each look.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from mlinfra.sandbox.kubernetes.controllers.catalog import CONFIG_MAP
from mlinfra.sandbox.kubernetes.controllers.cloud import NodeGroup
from mlinfra.sandbox.kubernetes.controllers.cluster import Cluster
from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.values import at, timestamp

NAME = "cluster-autoscaler-status"
_SHORT = ("placeholder-cannot-be-fulfilled", "AWS cannot provision any more instances for this node group")
_GONE = (403, 404, 409)  # the namespace is going, or somebody else wrote it meanwhile


class Avoided(msgspec.Struct, frozen=True):
    """A group that could not grow: since when it is kept away from, and until when."""

    since: datetime
    until: datetime


def write_status(
    cluster: Cluster, home: str, groups: Sequence[NodeGroup], avoided: Mapping[str, Avoided], name: str
) -> None:
    """Write it where it changed. home: the autoscaler's own namespace; name: who writes."""
    text = "\n".join(_lines(groups, avoided)) + "\n"
    found = cluster.store.exists("configmaps", NAME, home)
    if found is not None and at(found, ("data", "status")) == text:
        return
    meta = {"name": NAME, "namespace": home}
    try:
        if found is None:
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"status": text}}
            cluster.create(body, name)
        else:
            cluster.patch(CONFIG_MAP, found, {"data": {"status": text}})
    except ApiError as error:
        if error.code not in _GONE:
            raise


def _lines(groups: Sequence[NodeGroup], avoided: Mapping[str, Avoided]) -> Iterator[str]:
    yield "autoscalerStatus: Running"
    yield "nodeGroups:"
    for group in groups:
        yield f"- name: {json.dumps(group.name)}"
        yield "  health:"
        yield "    status: Healthy"
        yield f"    cloudProviderTarget: {group.desired}"
        yield f"    minSize: {group.minimum}"
        yield f"    maxSize: {group.maximum}"
        yield "  scaleUp:"
        yield from _scale_up(avoided.get(group.name))


def _scale_up(avoided: Avoided | None) -> Iterator[str]:
    if avoided is None:
        yield "    status: NoActivity"
        return
    code, message = _SHORT
    yield "    status: Backoff"
    yield "    backoffInfo:"
    yield f"      errorCode: {code}"
    yield f"      errorMessage: {message}"
    yield f'    lastTransitionTime: "{timestamp(avoided.since)}"'
