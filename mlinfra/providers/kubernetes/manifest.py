"""Manifests: what is desired as the API takes it, and what the API shows as the engine has it.

Secrets become values here, on their way to the call, and nowhere else; on the way back the data of a Secret is left
out before anybody sees it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mlinfra.core.observed import Present
from mlinfra.core.ownership import Owner
from mlinfra.core.value import Expression, Path, Properties, Secret, Value, resolve
from mlinfra.providers.kubernetes import managed, marks
from mlinfra.providers.kubernetes.client import Object
from mlinfra.providers.kubernetes.discovery import Place
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.providers.kubernetes.types import spelt_id

SecretSource = Callable[[Secret], str]  # reads one secret; raises ProviderError where it cannot

SECRET = ("", "Secret")
HIDDEN = "(hidden)"
_BOOKKEEPING = ("managedFields", "resourceVersion", "generation", "selfLink")


class Manifest:
    """One desired object, ready to be applied. `secrets` are the texts that no message may repeat."""

    def __init__(self, place: Place, properties: Properties, owner: Owner, source: SecretSource) -> None:
        self._place = place
        self._source = source
        self._read: list[str] = []
        self.id = id_of(place, properties)
        self.body = self._marked(self._body(properties), owner)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets in it, in every spelling."""
        return tuple(self._read + [base64.b64encode(text.encode()).decode() for text in self._read])

    def _body(self, properties: Properties) -> Object:
        kind = self._place.kind
        resolved = without_nulls(resolve(properties, self._value))
        body = {**resolved, "apiVersion": kind.api_version, "kind": kind.name}
        return _encoded(body) if kind.same == SECRET else body

    def _value(self, expression: Expression) -> Value:
        if not isinstance(expression, Secret):
            return expression
        text = self._source(expression)
        self._read.append(text)
        return text

    def _marked(self, body: Object, owner: Owner) -> Object:
        namespace, name = self._place.split(self.id)
        metadata = dict(body.get("metadata") or {})
        ours = marks.labels_of(owner)
        given = {marks.MANAGED_BY: managed.MANAGER, **(metadata.get("labels") or {}), **ours}
        notes = marks.notes_of(owner, self._place.kind.token, self.id)
        metadata |= {"name": name, "labels": given, "annotations": {**(metadata.get("annotations") or {}), **notes}}
        if namespace:
            metadata["namespace"] = namespace
        return {**body, "metadata": metadata}


def _encoded(body: Object) -> Object:
    """A Secret's texts as data: the server would keep what was once a text and is desired no more."""
    texts = body.pop("stringData", None) or {}
    data = {key: base64.b64encode(str(text).encode()).decode() for key, text in texts.items()}
    given = {**(body.get("data") or {}), **data}
    return {**body, "data": given} if given else body


def as_applied(kind: Kind, changed: Iterable[Path]) -> frozenset[Path]:
    """Changed paths as the API knows them: the texts of a Secret are applied as its data."""
    found = frozenset(changed)
    texts = {("data", *path[1:]) for path in found if path[:1] == ("stringData",)} if kind.same == SECRET else set()
    return found | texts


def without_nulls(value: Value) -> Value:
    """What is null is absent."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [without_nulls(item) for item in value]
    return value


def id_of(place: Place, properties: Properties) -> str:
    """The id of the object that properties describe."""
    metadata = properties.get("metadata") or {}
    namespace = (metadata.get("namespace") or "default") if place.namespaced else ""
    return spelt_id(str(metadata.get("name", "")), str(namespace))


def present_of(kind: Kind, live: Mapping[str, Any], failed: str = "") -> Present:
    """An object of the API as the engine has it: without bookkeeping, without our marks, without what Secrets say."""
    metadata = live["metadata"]
    identity = spelt_id(metadata["name"], metadata.get("namespace", ""))
    shown = {key: value for key, value in metadata.items() if key not in _BOOKKEEPING}
    for name in ("labels", "annotations"):
        if name in shown:
            shown[name] = marks.others(shown[name] or {})
    properties = {**live, "apiVersion": kind.api_version, "kind": kind.name, "metadata": shown}
    if kind.same == SECRET:
        properties |= _entries(live)
    owner, version = marks.owner_in(metadata, identity), str(metadata.get("resourceVersion", ""))
    return Present(identity, properties, owner, version, failed, _authors(kind, live))


def _authors(kind: Kind, live: Mapping[str, Any]) -> dict[Path, str]:
    """Who else wrote what; what the API knows as the data of a Secret may stand in a stack as a text."""
    found = managed.authors_of(live)
    texts = {("stringData", *path[1:]): who for path, who in found.items() if path[0] == "data"}
    return found | texts if kind.same == SECRET else found


def _entries(secret: Mapping[str, Any]) -> Object:
    """Which entries a Secret has that are as we applied them. One that others wrote over is theirs, not ours any more.

    Where we applied nothing at all, the object is not ours, and every entry is shown.
    """
    data, fields = secret.get("data") or {}, managed.fields_of(secret)
    kept = {key: HIDDEN for key in data if not fields or managed.owns(fields, "data", key)}
    return {"data": kept, "stringData": kept}
