"""The Kubernetes API is private, or open to networks that, taken together, are not the internet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Expression
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.networks import is_world
from mlinfra.policy.scene import Breach, Scene, many

_PATH = ("vpcConfig", "publicAccessCidrs")


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each cluster. Where nothing is said, EKS opens the API, and to everybody."""
    for cluster in resources:
        about = cluster.properties.get("vpcConfig")
        if isinstance(about, Expression):
            yield Breach(cluster, "who reaches it is not known yet", Verdict.UNKNOWN, _PATH[:1])
            continue
        about = about if isinstance(about, dict) else {}
        public, ranges = about.get("endpointPublicAccess", True), about.get("publicAccessCidrs")
        found = is_world(many(ranges)) if ranges else Verdict.PASS
        if public is not False and found is not Verdict.FAIL:
            undecided = isinstance(public, Expression) or found is Verdict.UNKNOWN
            yield Breach(cluster, verdict=Verdict.UNKNOWN if undecided else Verdict.FAIL, path=_PATH if ranges else ())
