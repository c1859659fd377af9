"""No secret is written out: in no property of any resource, input or output, encoded ones included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.secret_text import holds_secret
from mlinfra.core.value import Base64, Path, Secret, Value, expressions, parse_path
from mlinfra.core.written_secrets import written_secrets
from mlinfra.policy.scene import Breach, Scene

_PARAMETER = "aws:ssm/parameter:Parameter"
_PUBLIC = frozenset({"ca.crt", "tls.crt", "namespace", "username", "type", "url"})  # what a Secret holds besides
_SECRET = "kubernetes:core/v1:Secret"


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each property with a secret in it. Where `given.encoded` names properties, these alone are read,
    with references to secrets counted too: what stands there lies open for whoever describes the object.
    """
    encoded = [parse_path(one) for one in given.get("encoded", ())]
    for resource in resources:
        if encoded:
            yield from (Breach(resource, path=path) for path in encoded if _is_open(_at(resource.properties, path)))
        else:
            yield from (Breach(resource, path=path) for path in _secrets(resource))


def _secrets(resource: Resource) -> Iterator[Path]:
    if resource.type == _PARAMETER and resource.properties.get("type") == "SecureString":
        written = resource.properties.get("value")
        if isinstance(written, str) or isinstance(resource.properties.get("insecureValue"), str):
            yield ("value",) if isinstance(written, str) else ("insecureValue",)
            return
    if resource.type == _SECRET:
        for part in ("data", "stringData"):
            held = resource.properties.get(part)
            yield from (
                (part, name)
                for name, value in (held.items() if isinstance(held, dict) else ())
                if isinstance(value, str) and value and isinstance(name, str) and _is_kept(name, value)
            )
    else:
        yield from written_secrets(resource.properties)


def _is_kept(name: str, value: str) -> bool:
    return name not in _PUBLIC or holds_secret(value)


def _at(value: Value, path: Path) -> Value:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _is_open(value: Value) -> bool:
    """Whether it holds a secret: written out, or put there by a reference."""
    if any(isinstance(one, Secret) for one in expressions(value)):
        return True
    content = value.content if isinstance(value, Base64) else value
    return any(True for _ in written_secrets(content))
