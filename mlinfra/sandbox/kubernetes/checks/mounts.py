"""Volume mounts: each names a volume of the pod, or a claim of the StatefulSet that makes it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.sandbox.kubernetes.errors import FieldError, absent_field, invalid_field
from mlinfra.sandbox.kubernetes.values import Object


def check(spec: Object, path: str, claims: frozenset[str] = frozenset()) -> Iterator[FieldError]:
    """Give the mounts of a pod spec that name no volume, or stand at one place twice."""
    volumes = {volume.get("name") for volume in spec.get("volumes") or ()} | claims
    for part in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(part) or ()):
            yield from _container(container, volumes, f"{path}.{part}[{index}]")


def _container(container: Object, volumes: set[str | None], path: str) -> Iterator[FieldError]:
    taken: set[str] = set()
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        here = f"{path}.volumeMounts[{index}]"
        if mount.get("name") not in volumes:
            yield absent_field(f"{here}.name", mount.get("name"))
        place = mount.get("mountPath")
        if place in taken:
            yield invalid_field(f"{here}.mountPath", place, "must be unique")
        taken.add(place)
    for index, device in enumerate(container.get("volumeDevices") or ()):
        if device.get("name") not in volumes:
            yield absent_field(f"{path}.volumeDevices[{index}].name", device.get("name"))
