"""OpenAPI documents: v3 by group and version, v2 in one piece. Clients read schemas and parameters there.

Called by `api` for /openapi. Documents are made when asked for and kept until the kinds change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

import msgspec

from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.kinds import Kind, Registry
from mlinfra.sandbox.kubernetes.schema import Schema, Schemas
from mlinfra.sandbox.kubernetes.values import Json, Object

_V3 = "#/components/schemas/"
_V2 = "#/definitions/"
_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_WRITE = ("dryRun", "fieldManager", "fieldValidation")
_PARAMETERS = {
    "post": _WRITE,
    "put": _WRITE,
    "patch": (*_WRITE, "force"),
    "delete": ("dryRun", "gracePeriodSeconds", "propagationPolicy"),
    "get": ("resourceVersion",),
}
_BOOLEANS = ("force",)
_ACTIONS = {"get": "get", "post": "post", "put": "put", "patch": "patch", "delete": "delete"}
_PATCHES = (
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)


class OpenApi:
    """The documents of one cluster."""

    def __init__(self, registry: Registry, schemas: Schemas, version: Callable[[], str]) -> None:
        self._registry = registry
        self._schemas = schemas
        self._version = version
        self._cache: dict[str, bytes] = {}
        self._changes = -1

    def serve(self, path: str) -> bytes | None:
        """Answer a path below /openapi; None when there is no such document."""
        self._refresh()
        if path == "/openapi/v2":
            return self._kept(path, self._v2)
        if path == "/openapi/v3":
            return self._kept(path, self._index)
        place = path.removeprefix("/openapi/v3/")
        kinds = [kind for kind in self._registry if _place(kind) == place]
        if not kinds:
            raise ApiError(404, "the server could not find the requested resource", "NotFound", {})
        return self._kept(path, lambda: self._v3(kinds))

    def _refresh(self) -> None:
        if self._changes != self._schemas.changes:
            self._changes = self._schemas.changes
            self._cache.clear()

    def _kept(self, path: str, make: Callable[[], Object]) -> bytes:
        if path not in self._cache:
            self._cache[path] = msgspec.json.encode(make())
        return self._cache[path]

    def _index(self) -> Object:
        places = dict.fromkeys(_place(kind) for kind in self._registry)
        found = {}
        for place in places:
            digest = hashlib.sha256(self.serve(f"/openapi/v3/{place}") or b"").hexdigest().upper()
            found[place] = {"serverRelativeURL": f"/openapi/v3/{place}?hash={digest}"}
        return {"paths": found}

    def _v3(self, kinds: list[Kind]) -> Object:
        components = self._components(kinds, _V3)
        paths = {path: item for kind in kinds for path, item in _paths(kind, v3=True).items()}
        return {"openapi": "3.0.0", "info": self._info(), "paths": paths, "components": {"schemas": components}}

    def _v2(self) -> Object:
        kinds = list(self._registry)
        paths = {path: item for kind in kinds for path, item in _paths(kind, v3=False).items()}
        definitions = self._components(kinds, _V2)
        return {"swagger": "2.0", "info": self._info(), "paths": paths, "definitions": definitions}

    def _info(self) -> Object:
        return {"title": "Kubernetes", "version": f"v{self._version()}"}

    def _components(self, kinds: Iterable[Kind], prefix: str) -> Object:
        found: Object = {}
        for kind in kinds:
            schema = self._schemas.get(kind.gvk)
            if schema is None:
                continue
            if schema.custom:
                self._close(_META, found, prefix)
                found[_component(kind, schema)] = _custom(kind, schema, prefix)
            else:
                self._close(schema.name, found, prefix)
        return found

    def _close(self, name: str, found: Object, prefix: str) -> None:
        """Take up a definition and all that it refers to."""
        pending = [name]
        while pending:
            name = pending.pop()
            if name not in found:
                references: list[str] = []
                found[name] = _published(self._schemas.definitions.raw[name], prefix, references)
                pending += references


def _place(kind: Kind) -> str:
    return f"apis/{kind.group}/{kind.version}" if kind.group else f"api/{kind.version}"


def _component(kind: Kind, schema: Schema) -> str:
    if not schema.custom:
        return schema.name
    return ".".join([*reversed(kind.group.split(".")), kind.version, kind.kind])


def _custom(kind: Kind, schema: Schema, prefix: str) -> Object:
    properties = {**schema.raw["properties"], "metadata": {"$ref": f"{prefix}{_META}"}}
    gvk = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    return {**schema.raw, "properties": properties, "x-kubernetes-group-version-kind": [gvk]}


def _published(raw: Json, prefix: str, references: list[str]) -> Json:
    """Turn a packaged schema into what the API publishes: no nulls among the types, no fixed apiVersion and kind."""
    if isinstance(raw, list):
        return [_published(item, prefix, references) for item in raw]
    if not isinstance(raw, dict):
        return raw
    published: Object = {}
    for key, value in raw.items():
        if key == "$ref" and isinstance(value, str):
            name = value.rpartition("/")[2]
            references.append(name)
            published[key] = prefix + name
        elif key == "type" and isinstance(value, list):
            published[key] = next(item for item in value if item != "null")
        elif key == "properties" and isinstance(value, dict):
            published[key] = {name: _property(name, item, prefix, references) for name, item in value.items()}
        else:
            published[key] = _published(value, prefix, references)
    return published


def _property(name: str, raw: Json, prefix: str, references: list[str]) -> Json:
    found = _published(raw, prefix, references)
    if name in ("apiVersion", "kind") and isinstance(found, dict):
        found.pop("enum", None)
    return found


def _paths(kind: Kind, *, v3: bool) -> Object:
    base = f"/{_place(kind)}" + ("/namespaces/{namespace}" if kind.namespaced else "") + f"/{kind.plural}"
    item = {}
    if "get" in kind.verbs:
        item = {method: _operation(kind, method, v3) for method in ("get", "put", "patch", "delete")}
    collection = {"post": _operation(kind, "post", v3)}
    if "list" in kind.verbs:
        collection["get"] = _operation(kind, "get", v3, action="list")
    return {base: collection, f"{base}/{{name}}": item} if item else {base: collection}


def _operation(kind: Kind, method: str, v3: bool, action: str = "") -> Object:
    operation: Object = {
        "parameters": [_parameter(name, v3) for name in _PARAMETERS[method]],
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": action or _ACTIONS[method],
        "x-kubernetes-group-version-kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
    }
    if method == "patch":
        kinds = [name for name in _PATCHES if not kind.custom or "strategic" not in name]
        body: Object = {"requestBody": {"content": {name: {} for name in kinds}}} if v3 else {"consumes": kinds}
        operation |= body
    return operation


def _parameter(name: str, v3: bool) -> Object:
    schema = {"type": "boolean" if name in _BOOLEANS else "string", "uniqueItems": True}
    return {"name": name, "in": "query", **({"schema": schema} if v3 else schema)}
