"""Namespaces deny what nobody allows: each has a network policy for all of its pods that lets nothing in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Ref, Value
from mlinfra.policy.scene import Breach, Scene

_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each namespace of the stack's without one."""
    closed = {_metadata(one).get("namespace") for one in scene.of(_POLICY) if _denies(one.properties.get("spec"))}
    opened = {_metadata(one).get("namespace") for one in scene.of(_POLICY) if _allows_all(one.properties.get("spec"))}
    closed -= opened
    addresses = {value.address for value in closed if isinstance(value, Ref)}
    for namespace in resources:
        name = _metadata(namespace).get("name")
        if name not in closed and namespace.address not in addresses:
            yield Breach(namespace)


def _denies(spec: Value) -> bool:
    """Every pod, nothing in. Policies add up, so that others may then allow what is needed."""
    if not isinstance(spec, dict):
        return False
    types = spec.get("policyTypes", ["Ingress"])
    return spec.get("podSelector") == {} and "Ingress" in types and not spec.get("ingress")


def _allows_all(spec: Value) -> bool:
    """Every pod, and anything in: what another policy denies is then allowed."""
    if not isinstance(spec, dict) or spec.get("podSelector") != {}:
        return False
    rules = spec.get("ingress")
    return isinstance(rules, list | tuple) and any(one == {} for one in rules)


def _metadata(resource: Resource) -> dict[Any, Any]:
    found = resource.properties.get("metadata")
    return found if isinstance(found, dict) else {}
