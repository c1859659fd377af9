"""The kinds of connections: which one a type is reached by, and what opens those into a cluster."""

from __future__ import annotations

from functools import lru_cache

from mlinfra.core.resource_type import Opens, ResourceType
from mlinfra.core.value import Properties, Value

AWS = "aws"
KUBERNETES = "kubernetes"
HELM = "helm"

# A cluster that is made again under its name has the ARN of the one before, and another time of creation.
CLUSTER = Opens((KUBERNETES, HELM), ("arn", "createdAt"))

_BEGINNINGS = (("aws:", AWS), ("kubernetes:helm.sh/", HELM), ("kubernetes:", KUBERNETES))


@lru_cache(maxsize=4096)  # asked of every object several times, and there are few types
def kind_of(token: str) -> str:
    """The kind of connection that a type lies behind, by its token; empty for a token of no provider."""
    return next((kind for beginning, kind in _BEGINNINGS if token.startswith(beginning)), "")


def opened_by(kind: ResourceType | None, outputs: Properties) -> Value:
    """The identity of the connections that an object of `kind` opens; `None` where it opens none, or not yet."""
    return kind.opens.identity_of(outputs) if kind is not None and kind.opens is not None else None


def is_in_cluster(kind: str) -> bool:
    """Whether connections of this kind lead into a cluster."""
    return kind in CLUSTER.kinds
