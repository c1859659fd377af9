"""No Service or Ingress of Kubernetes puts a port behind which somebody can run code before the whole internet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Expression, Path, Value
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.listeners import LISTENERS, is_behind
from mlinfra.policy.networks import is_world
from mlinfra.policy.scene import Breach, Scene, many

# AWS Load Balancer Controller, "NLB annotations": what it serves is internal where nothing is said. What the controller
# within Kubernetes serves, which no class and no type names, faces the internet.
_AWS = "service.beta.kubernetes.io/aws-load-balancer-"
_CLASS = "service.k8s.aws/nlb"
_EXTERNAL = frozenset({"external", "nlb-ip"})
_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
_ANYWHERE = ["0.0.0.0/0"]
_INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
_SERVICE = "kubernetes:core/v1:Service"
# The same, "Ingress annotations": internal where nothing is said; who signs in first is known.
_ALB = "alb.ingress.kubernetes.io/"


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each port of `listeners` that a load balancer of its own opens, or leads to."""
    for service in resources:
        spec, annotations = service.properties.get("spec"), _annotations(service)
        if not isinstance(spec, dict):
            continue
        if service.type == _INGRESS:
            yield from _of_ingress(scene, service, spec, annotations)
            continue
        verdict = min(_is_balanced(spec), _faces_internet(spec, annotations), _is_open(spec, annotations))
        if verdict is Verdict.FAIL:
            continue
        for index, one in enumerate(many(spec.get("ports"))):
            port, behind = (one.get("port"), one.get("targetPort")) if isinstance(one, dict) else (None, None)
            found = port if isinstance(port, int) and port in LISTENERS else behind if is_behind(behind) else None
            if isinstance(found, int):
                words = f"port {found} ({LISTENERS[found]}) faces the internet"
                yield Breach(service, words, Verdict(Verdict.PASS - verdict), ("spec", "ports", index))


def _of_ingress(
    scene: Scene, ingress: Resource, spec: Mapping[Any, Any], annotations: Mapping[Any, Any]
) -> Iterator[Breach]:
    scheme, signed = annotations.get(f"{_ALB}scheme"), annotations.get(f"{_ALB}auth-type", "none")
    said: Value = annotations.get(f"{_ALB}inbound-cidrs") or _ANYWHERE
    verdict = min(
        Verdict.UNKNOWN if isinstance(scheme, Expression) else Verdict.of(scheme == "internet-facing"),
        Verdict.of(signed == "none"),
        is_world([part.strip() for part in said.split(",")] if isinstance(said, str) else many(said)),
    )
    if verdict is Verdict.FAIL:
        return
    for path, backend in _backends(spec):
        for port in _ports_behind(scene, ingress, backend):
            words = f"port {port} ({LISTENERS[port]}) faces the internet"
            yield Breach(ingress, words, Verdict(Verdict.PASS - verdict), path)


def _backends(spec: Mapping[Any, Any]) -> Iterator[tuple[Path, Mapping[Any, Any]]]:
    """The Services that requests are led to, each with the path to it."""
    found: list[tuple[Path, Value]] = [(("spec", "defaultBackend"), spec.get("defaultBackend"))]
    for index, rule in enumerate(many(spec.get("rules"))):
        http = rule.get("http") if isinstance(rule, dict) else None
        for number, one in enumerate(many(http.get("paths")) if isinstance(http, dict) else ()):
            place = ("spec", "rules", index, "http", "paths", number, "backend")
            found.append((place, one.get("backend") if isinstance(one, dict) else None))
    for path, backend in found:
        service = backend.get("service") if isinstance(backend, dict) else None
        if isinstance(service, dict):
            yield path, service


def _ports_behind(scene: Scene, ingress: Resource, backend: Mapping[Any, Any]) -> Iterator[int]:
    """The port that is named, and the one behind it where the Service is of this stack."""
    port = backend.get("port")
    named = port.get("name", port.get("number")) if isinstance(port, dict) else None
    ports = [named]
    for service in scene.of(_SERVICE):
        if _name(service) == (_name(ingress)[0], backend.get("name")):
            spec = service.properties.get("spec")
            for one in many(spec.get("ports")) if isinstance(spec, dict) else ():
                if isinstance(one, dict) and named in (one.get("name"), one.get("port")):
                    ports += [one.get("port"), one.get("targetPort")]
    yield from dict.fromkeys(one for one in ports if isinstance(one, int) and is_behind(one))


def _name(resource: Resource) -> tuple[Value, Value]:
    metadata = resource.properties.get("metadata")
    return (metadata.get("namespace"), metadata.get("name")) if isinstance(metadata, dict) else (None, None)


def _annotations(resource: Resource) -> Mapping[Any, Any]:
    metadata = resource.properties.get("metadata")
    found = metadata.get("annotations") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def _is_balanced(spec: Mapping[Any, Any]) -> Verdict:
    kind = spec.get("type")
    return Verdict.UNKNOWN if isinstance(kind, Expression) else Verdict.of(kind == "LoadBalancer")


def _faces_internet(spec: Mapping[Any, Any], annotations: Mapping[Any, Any]) -> Verdict:
    scheme = annotations.get(f"{_AWS}scheme")
    if scheme is not None:
        return Verdict.UNKNOWN if isinstance(scheme, Expression) else Verdict.of(scheme != "internal")
    if annotations.get(f"{_AWS}internal") in ("true", True, "0.0.0.0/0"):
        return Verdict.FAIL
    ours = spec.get("loadBalancerClass") == _CLASS or annotations.get(f"{_AWS}type") in _EXTERNAL
    return Verdict.of(not ours)


def _is_open(spec: Mapping[Any, Any], annotations: Mapping[Any, Any]) -> Verdict:
    said: Value = spec.get("loadBalancerSourceRanges") or annotations.get(_RANGES) or _ANYWHERE
    return is_world([part.strip() for part in said.split(",")] if isinstance(said, str) else many(said))
