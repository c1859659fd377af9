"""What a URL means: which kind, namespace, object and subresource; or a path that is no resource. Called by `api`."""

from __future__ import annotations

import msgspec

from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.kinds import Kind, Registry

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}


class Route(msgspec.Struct, frozen=True):
    """A resource's address: `namespace` None at cluster level, `name` empty for a collection."""

    kind: Kind
    namespace: str | None = None
    name: str = ""
    subresource: str = ""
    rest: str = ""

    def verb(self, method: str, watching: bool) -> str:
        """The verb that authorisation knows this call by."""
        if method in ("GET", "HEAD"):
            return "watch" if watching and not self.subresource else "get" if self.name else "list"
        if method == "DELETE":
            return "delete" if self.name else "deletecollection"
        return _VERBS.get(method, method.lower())


def find_route(registry: Registry, path: str) -> Route | None:
    """Read a path below /api or /apis; None when it is no resource's, 404 when the resource is not served."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"] and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    if rest[0] == "watch" and len(rest) > 1:
        rest = rest[1:]
    namespace = None
    if rest[0] == "namespaces" and len(rest) > 2 and _is_scope(registry, group, version, rest[2]):
        namespace, rest = rest[1], rest[2:]
    kind = registry.by_path(group, version, rest[0])
    if kind is None or (namespace is not None and not kind.namespaced):
        raise ApiError(404, "the server could not find the requested resource", "NotFound", {})
    name, subresource = [*rest[1:3], "", ""][:2]
    if subresource and subresource not in kind.subresources:
        raise ApiError(404, "the server could not find the requested resource", "NotFound", {})
    return Route(kind, namespace, name, subresource, "/".join(rest[3:]))


def _is_scope(registry: Registry, group: str, version: str, word: str) -> bool:
    """Whether `namespaces/x/<word>` is a resource in a namespace, and not a subresource of the namespace."""
    return word not in ("status", "finalize") or registry.by_path(group, version, word) is not None
