"""Capabilities: what charts may know of a cluster, read from it, and a digest to tell when that changes."""

from __future__ import annotations

import hashlib

from mlinfra.providers.helm.cluster import Cluster
from mlinfra.providers.helm.helm import Capabilities


def capabilities_of(cluster: Cluster) -> Capabilities:
    """Those of a cluster as it is now."""
    return Capabilities(cluster.version(), tuple(sorted(cluster.apis())))


def digest_of(capabilities: Capabilities) -> str:
    """A digest that a label can hold."""
    text = "\n".join((capabilities.kubernetes, *capabilities.apis))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
