"""Every resource has a companion: another resource about it, such as a network's flow log or a bucket's settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Expression
from mlinfra.documents.verdict import Criterion, Verdict
from mlinfra.policy.scene import Breach, Scene


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each resource without one of `given.type` that names it in `given.property`.

    `given.name` is the resource's own property by whose text a companion may name it; `given.must` the schema that
    companions satisfy. Undecided while a companion is about nobody knows what, or is not known well enough.
    """
    criterion = Criterion(given.get("must", {}))
    best: dict[str, Verdict] = {}
    undecided = False
    for companion in scene.of(given["type"]):
        about = companion.properties.get(given["property"])
        named = scene.named(about)
        if named is None and not isinstance(about, str):
            undecided = undecided or isinstance(about, Expression)
            continue
        key = str(about) if named is None else named.address
        best[key] = max(best.get(key, Verdict.FAIL), criterion.verdict(companion.properties))
    for resource in resources:
        name = resource.properties.get(given.get("name", ""))
        names = (resource.address, name) if isinstance(name, str) else (resource.address,)
        found = max(best.get(one, Verdict.FAIL) for one in names)
        if found is not Verdict.PASS:
            yield Breach(resource, verdict=Verdict.UNKNOWN if undecided else found)
