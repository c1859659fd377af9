"""No Service of Kubernetes puts a port behind which somebody can run code before the whole internet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Expression, Value
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.listeners import LISTENERS
from mlinfra.policy.networks import is_world
from mlinfra.policy.scene import Breach, Scene, many

# AWS Load Balancer Controller, "NLB annotations": what it serves is internal where nothing is said. What the controller
# within Kubernetes serves, which no class and no type names, faces the internet.
_AWS = "service.beta.kubernetes.io/aws-load-balancer-"
_CLASS = "service.k8s.aws/nlb"
_EXTERNAL = frozenset({"external", "nlb-ip"})
_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
_ANYWHERE = ["0.0.0.0/0"]


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each port of `listeners` that a load balancer of its own opens."""
    for service in resources:
        spec, metadata = service.properties.get("spec"), service.properties.get("metadata")
        if not isinstance(spec, dict):
            continue
        annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
        annotations = annotations if isinstance(annotations, dict) else {}
        verdict = min(_is_balanced(spec), _faces_internet(spec, annotations), _is_open(spec, annotations))
        if verdict is Verdict.FAIL:
            continue
        for index, one in enumerate(many(spec.get("ports"))):
            port = one.get("port") if isinstance(one, dict) else None
            if isinstance(port, int) and port in LISTENERS:
                words = f"port {port} ({LISTENERS[port]}) faces the internet"
                yield Breach(service, words, Verdict(Verdict.PASS - verdict), ("spec", "ports", index))


def _is_balanced(spec: Mapping[Any, Any]) -> Verdict:
    kind = spec.get("type")
    return Verdict.UNKNOWN if isinstance(kind, Expression) else _when(kind == "LoadBalancer")


def _faces_internet(spec: Mapping[Any, Any], annotations: Mapping[Any, Any]) -> Verdict:
    scheme = annotations.get(f"{_AWS}scheme")
    if scheme is not None:
        return Verdict.UNKNOWN if isinstance(scheme, Expression) else _when(scheme != "internal")
    if annotations.get(f"{_AWS}internal") in ("true", True, "0.0.0.0/0"):
        return Verdict.FAIL
    ours = spec.get("loadBalancerClass") == _CLASS or annotations.get(f"{_AWS}type") in _EXTERNAL
    return _when(not ours)


def _is_open(spec: Mapping[Any, Any], annotations: Mapping[Any, Any]) -> Verdict:
    said: Value = spec.get("loadBalancerSourceRanges") or annotations.get(_RANGES) or _ANYWHERE
    return is_world([part.strip() for part in said.split(",")] if isinstance(said, str) else many(said))


def _when(condition: bool) -> Verdict:
    return Verdict.PASS if condition else Verdict.FAIL
