"""Capabilities: what charts may know of a cluster, read from it."""

from __future__ import annotations

from mlinfra.providers.helm.cluster import Cluster
from mlinfra.providers.helm.helm import Capabilities


def capabilities_of(cluster: Cluster) -> Capabilities:
    """Those of a cluster as it is now."""
    return Capabilities(cluster.version(), tuple(sorted(cluster.apis())))
