"""Every network has a flow log of all its traffic, or of what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Expression
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.scene import Breach, Scene

_FLOW_LOG = "aws:ec2/flowLog:FlowLog"


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each network that none is about; undecided while one is about nobody knows what."""
    watched = [log.properties.get("vpcId") for log in scene.of(_FLOW_LOG)]
    named = {found.address for value in watched if (found := scene.named(value)) is not None}
    undecided = any(isinstance(value, Expression) and scene.named(value) is None for value in watched)
    for network in resources:
        if network.address not in named:
            yield Breach(network, verdict=Verdict.UNKNOWN if undecided else Verdict.FAIL)
