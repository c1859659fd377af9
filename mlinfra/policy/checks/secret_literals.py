"""No secret is written out: in no property of any resource, encoded ones included."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Base64, Concat, Json, Path, Secret, TrimPrefix, Value, expressions
from mlinfra.policy.scene import Breach, Scene

# Forms that their makers gave secrets so that they can be found: AWS (IAM user guide, "Unique identifiers"), GitHub,
# Hugging Face, Slack and PEM (RFC 7468).
_MARKS = ("AKIA", "ASIA", "PRIVATE KEY", "ghp_", "gho_", "ghs_", "github_pat_", "hf_", "xoxb-", "xoxp-")
_FORM = re.compile(
    r"\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bgh[pos]_[0-9A-Za-z]{36}\b"
    r"|\bgithub_pat_[0-9A-Za-z_]{22,}|\bhf_[0-9A-Za-z]{30,}\b|\bxox[bp]-[0-9A-Za-z-]{10,}"
)
_ASSIGNED = re.compile(r"(?i)(aws_secret_access_key|password|passwd|secret|token)\s*[=:]\s*['\"]?[^\s'\"$<{]{8,}")
_SHORTEST = 16
# Properties that hold nothing but secrets: what stands there is written out, whatever it looks like.
_ALWAYS = frozenset(
    {
        "accessToken", "adminPassword", "apiToken", "authToken", "clientSecret", "masterPassword", "mysqlPassword",
        "password", "postgresPassword", "postgresqlPassword", "redisPassword", "rootPassword", "secretAccessKey",
        "secretString", "userPassword",
    }
)  # fmt: skip
# Variables of containers, by their names; a path or a reference is none.
_VARIABLE = re.compile(r"(?i)(^|_)(password|passwd|secret|token|api_?key|access_key|secret_key)$")
_NO_SECRET = re.compile(r"^/|^\$|://(?![^/@]*:[^/@]+@)|^.{0,5}$")
_PLAIN = frozenset({bool, int, float, type(None)})
_PARAMETER = "aws:ssm/parameter:Parameter"
_PUBLIC = frozenset({"ca.crt", "tls.crt", "namespace", "username", "type", "url"})  # what a Secret holds besides
_SECRET = "kubernetes:core/v1:Secret"


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each property with a secret in it. Where `given.encoded` names properties, these alone are read,
    decoded, with references to secrets counted too: what is encoded there lies open for whoever describes the object.
    """
    encoded = given.get("encoded")
    for resource in resources:
        if encoded is None:
            yield from (Breach(resource, path=path) for path in _secrets(resource))
        else:
            yield from (
                Breach(resource, path=(name,))
                for name in encoded
                if name in resource.properties and _is_open(resource.properties[name])
            )


def _secrets(resource: Resource) -> Iterator[Path]:
    if resource.type == _PARAMETER and resource.properties.get("type") == "SecureString":
        written = resource.properties.get("value")
        if isinstance(written, str) or isinstance(resource.properties.get("insecureValue"), str):
            yield ("value",) if isinstance(written, str) else ("insecureValue",)
    if resource.type == _SECRET:
        for part in ("data", "stringData"):
            held = resource.properties.get(part)
            yield from (
                (part, name)
                for name, value in (held.items() if isinstance(held, dict) else ())
                if isinstance(value, str) and value and isinstance(name, str) and name not in _PUBLIC
            )
    elif _holds(resource.properties):
        yield from _within(resource.properties, ())


def _holds(value: Value) -> bool:
    """Whether there is anything to be found. Every resource of every plan passes here: hence no paths yet."""
    kind = type(value)
    if kind is dict:
        if not _ALWAYS.isdisjoint(value) or ("value" in value and _is_variable(value)):
            return True
        value = value.values()
    elif kind is not list and kind is not tuple:
        value = _parts(value)
    for item in value:
        kind = type(item)
        if kind is str:
            if len(item) >= _SHORTEST and is_secret_text(item):
                return True
        elif kind not in _PLAIN and _holds(item):
            return True
    return False


def _parts(value: Value) -> tuple[Value, ...]:
    """What an expression is made of."""
    if isinstance(value, Json | Base64 | TrimPrefix):
        return (value.content,)
    return value.parts if isinstance(value, Concat) else ()


def _within(value: Value, path: Path) -> Iterator[Path]:
    """Where the secrets are. Within documents a path goes no deeper."""
    if isinstance(value, str):
        if len(value) >= _SHORTEST and is_secret_text(value):
            yield path
    elif isinstance(value, dict):
        for name, item in value.items():
            below = (*path, name) if isinstance(name, str) else path
            if isinstance(item, str) and item and (name in _ALWAYS or (name == "value" and _is_variable(value))):
                yield below
            else:
                yield from _within(item, below)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _within(item, (*path, index))
    else:
        for item in _parts(value):
            yield from (path for _ in _within(item, ()))


def _is_variable(pair: dict[Any, Any]) -> bool:
    """Whether it is a variable that is called as secrets are, with its value written out."""
    name, value = pair.get("name"), pair.get("value")
    return (
        isinstance(name, str)
        and isinstance(value, str)
        and _VARIABLE.search(name) is not None
        and _NO_SECRET.search(value) is None
    )


def is_secret_text(text: str) -> bool:
    """Whether a text holds something of the form that secrets are given."""
    return any(mark in text for mark in _MARKS) and _FORM.search(text) is not None


def _is_open(value: Value) -> bool:
    """Whether what is encoded holds a secret: written out, or put there by a reference."""
    if any(isinstance(one, Secret) for one in expressions(value)):
        return True
    texts = _texts(value.content if isinstance(value, Base64) else _decoded(value))
    return any(is_secret_text(text) or _ASSIGNED.search(text) for text in texts)


def _decoded(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        return value


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    else:
        for item in value if isinstance(value, list | tuple) else _parts(value):
            yield from _texts(item)
