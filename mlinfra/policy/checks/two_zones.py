"""Groups of nodes that others rely on lie in two zones or more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Expression, Value
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.scene import Breach, Scene


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each group whose subnets are all in one zone.

    Subnets that are not of this stack lie nobody knows where: two of them count as two zones, as EKS itself counts.
    """
    for group in resources:
        subnets = group.properties.get("subnetIds")
        if not isinstance(subnets, list | tuple):
            yield Breach(group, verdict=Verdict.UNKNOWN, path=("subnetIds",))
            continue
        zones = {repr(_zone(scene, subnet)) for subnet in subnets}
        if len(zones) < 2:
            undecided = any(isinstance(_zone(scene, subnet), Expression) for subnet in subnets)
            yield Breach(group, verdict=Verdict.UNKNOWN if undecided else Verdict.FAIL, path=("subnetIds",))


def _zone(scene: Scene, subnet: Value) -> Value:
    found = scene.named(subnet)
    return subnet if found is None else found.properties.get("availabilityZone", subnet)
