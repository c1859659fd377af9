"""Services: their ports have names and numbers of their own. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.sandbox.kubernetes.errors import FieldError, duplicate_field, invalid_field, missing_field
from mlinfra.sandbox.kubernetes.values import Object, Objects


def check(spec: Object, path: str) -> Iterator[FieldError]:
    """Give what is wrong with a Service."""
    ports: Objects = spec.get("ports") or []
    if spec.get("type") == "ExternalName":
        if not spec.get("externalName"):
            yield missing_field(f"{path}.externalName")
        return
    if not ports and spec.get("clusterIP") != "None":
        yield missing_field(f"{path}.ports")
    if spec.get("type") in ("NodePort", "LoadBalancer") and spec.get("clusterIP") == "None":
        yield invalid_field(f"{path}.clusterIPs[0]", "None", f"may not be set to 'None' for {spec['type']} services")
    yield from _ports(ports, path)


def _ports(ports: Objects, path: str) -> Iterator[FieldError]:
    names: set[str] = set()
    numbers: set[tuple[str, int]] = set()
    for index, port in enumerate(ports):
        here, name = f"{path}.ports[{index}]", port.get("name")
        if not name:
            if len(ports) > 1:
                yield missing_field(f"{here}.name")
        elif name in names:
            yield duplicate_field(f"{here}.name", name)
        names.add(name or "")
        number = (port.get("protocol", "TCP"), port.get("port", 0))
        if number in numbers:
            yield duplicate_field(here, {"protocol": number[0], "port": number[1]})
        numbers.add(number)
