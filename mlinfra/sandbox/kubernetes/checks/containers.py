"""Containers: their names, images, ports, variables; and the pod specs that hold them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlinfra.sandbox.kubernetes.errors import (
    FieldError,
    duplicate_field,
    forbidden_field,
    invalid_field,
    missing_field,
)
from mlinfra.sandbox.kubernetes.names import LABEL, LABEL_WHY
from mlinfra.sandbox.kubernetes.values import Object, Objects

_VARIABLE = re.compile(r"[ -<>-~]+")  # any printable ASCII character but "="
_VARIABLE_WHY = "a valid environment variable name must consist only of printable ASCII characters other than '='"
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_ONLY_SIDECARS = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")


def check_pod_spec(spec: Object, path: str) -> Iterator[FieldError]:
    """Give what is wrong with a pod spec's containers taken together."""
    containers: Objects = spec.get("containers") or []
    if not containers:
        yield missing_field(f"{path}.containers")
    yield from _same_names(containers, set(), f"{path}.containers")
    taken = {item.get("name") for item in containers}
    yield from _same_names(spec.get("initContainers") or [], taken, f"{path}.initContainers")
    for index, item in enumerate(spec.get("initContainers") or ()):
        for key in _ONLY_SIDECARS if item.get("restartPolicy") != "Always" else ():
            if item.get(key):
                why = "may not be set for init containers without restartPolicy=Always"
                yield forbidden_field(f"{path}.initContainers[{index}].{key}", why)
    yield from _same_names(spec.get("volumes") or [], set(), f"{path}.volumes")


def _same_names(items: Objects, taken: set[str | None], path: str) -> Iterator[FieldError]:
    taken = set(taken)
    for index, item in enumerate(items):
        name = item.get("name")
        if name in taken:
            yield duplicate_field(f"{path}[{index}].name", name)
        elif name:
            taken.add(name)


def check_container(container: Object, path: str) -> Iterator[FieldError]:
    """Give what is wrong with one container."""
    name = container.get("name")
    if name and not re.fullmatch(LABEL, name):
        yield invalid_field(f"{path}.name", name, LABEL_WHY)
    elif name and len(name) > 63:
        yield invalid_field(f"{path}.name", name, "must be no more than 63 bytes")
    elif name == "":
        yield missing_field(f"{path}.name")
    if not container.get("image"):
        yield missing_field(f"{path}.image")
    yield from _ports(container.get("ports") or [], f"{path}.ports")
    for index, variable in enumerate(container.get("env") or ()):
        yield from _variable(variable, f"{path}.env[{index}]")


def _ports(ports: Objects, path: str) -> Iterator[FieldError]:
    taken: set[str] = set()
    for index, port in enumerate(ports):
        name = port.get("name")
        if not name:
            continue
        if len(name) > 15:
            yield invalid_field(f"{path}[{index}].name", name, "must be no more than 15 characters")
        elif not _PORT_NAME.fullmatch(name):
            why = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
            yield invalid_field(f"{path}[{index}].name", name, why)
        elif name in taken:
            yield duplicate_field(f"{path}[{index}].name", name)
        taken.add(name)


def _variable(variable: Object, path: str) -> Iterator[FieldError]:
    name = variable.get("name")
    if not name:
        if name == "":  # what is absent the schema has told of
            yield missing_field(f"{path}.name")
    elif not _VARIABLE.fullmatch(name):
        yield invalid_field(f"{path}.name", name, _VARIABLE_WHY)
    if "valueFrom" not in variable:
        return
    given = [key for key in _SOURCES if (variable["valueFrom"] or {}).get(key) is not None]
    if not given:
        why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
        yield invalid_field(f"{path}.valueFrom", "", why)
    elif variable.get("value"):
        yield invalid_field(f"{path}.valueFrom", "", "may not be specified when `value` is not empty")
    elif len(given) > 1:
        yield invalid_field(f"{path}.valueFrom", "", "may not have more than one field specified at a time")
