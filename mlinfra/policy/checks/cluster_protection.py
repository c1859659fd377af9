"""A cluster cannot be deleted by mistake: mlinfra protects it, or EKS does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Expression
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.scene import Breach, Scene


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each cluster that neither `lifecycle.protect` nor `deletionProtection` keeps."""
    for cluster in resources:
        kept = cluster.properties.get("deletionProtection", False)
        if not cluster.lifecycle.protect and kept is not True:
            yield Breach(cluster, verdict=Verdict.UNKNOWN if isinstance(kept, Expression) else Verdict.FAIL)
