"""Policies of AWS's own that no role has, by their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Expression
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.scene import Breach, Scene

_PATH = ("policyArn",)


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each attachment of a policy in `given.refused`. A policy of this stack is none of AWS's."""
    refused = frozenset(given["refused"])
    for attachment in resources:
        arn = attachment.properties.get("policyArn")
        if isinstance(arn, str) and arn.rpartition("/")[2] in refused:
            yield Breach(attachment, f"{arn} is attached", path=_PATH)
        elif isinstance(arn, Expression) and scene.named(arn) is None:
            yield Breach(attachment, "which policy is attached is not known yet", Verdict.UNKNOWN, _PATH)
