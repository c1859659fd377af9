"""Discovery: which groups, versions and resources there are, one by one or aggregated (apidiscovery.k8s.io/v2).

Called by `api` for /api, /apis and what is directly below. It must not look at objects.
"""

from __future__ import annotations

import re

from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.kinds import Kind, Registry
from mlinfra.sandbox.kubernetes.values import Object, Objects

_CHANGE = ["get", "patch", "update"]
_STREAM = ["create", "get"]
# Subresources that are of another kind than their parent: (group, version, kind, verbs).
_SUBRESOURCES: dict[str, tuple[str, str, str, list[str]]] = {
    "scale": ("autoscaling", "v1", "Scale", _CHANGE),
    "binding": ("", "v1", "Binding", ["create"]),
    "eviction": ("policy", "v1", "Eviction", ["create"]),
    "exec": ("", "v1", "PodExecOptions", _STREAM),
    "attach": ("", "v1", "PodAttachOptions", _STREAM),
    "portforward": ("", "v1", "PodPortForwardOptions", _STREAM),
    "token": ("authentication.k8s.io", "v1", "TokenRequest", ["create"]),
}


def discover(registry: Registry, path: str, accept: str) -> Object | None:
    """Answer a discovery path; None when it is none, 404 when the group or version is not served."""
    parts = path.strip("/").split("/")
    if parts in (["api"], ["apis"]) and "as=APIGroupDiscoveryList" in accept:
        return _aggregated(registry, core=parts == ["api"])
    if parts == ["api"]:
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    if parts == ["apis"]:
        groups = [_group(name, versions) for name, versions in _groups(registry).items() if name]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    if parts[0] == "apis" and len(parts) == 2:
        versions = _groups(registry).get(parts[1])
        if versions is None:
            raise ApiError(404, "the server could not find the requested resource", "NotFound", {})
        return {"kind": "APIGroup", "apiVersion": "v1", **_group(parts[1], versions)}
    if (parts[0] == "api" and len(parts) == 2) or (parts[0] == "apis" and len(parts) == 3):
        return _resources(registry, "" if parts[0] == "api" else parts[1], parts[-1])
    return None


def content_type(accept: str) -> str:
    """The content type of an answer to /api and /apis."""
    for version in ("v2", "v2beta1"):
        if f"v={version};as=APIGroupDiscoveryList" in accept or f"v={version};g=apidiscovery.k8s.io" in accept:
            return f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
    if "as=APIGroupDiscoveryList" in accept:
        return "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    return "application/json"


def _groups(registry: Registry) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind in registry:
        versions = found.setdefault(kind.group, [])
        if kind.version not in versions:
            versions.append(kind.version)
    return {group: sorted(versions, key=_rank) for group, versions in found.items()}


def _rank(version: str) -> tuple[int, int, int, str]:
    """Order versions as the API server does: v2, v1, v1beta2, v1beta1, v1alpha1, then others by name."""
    found = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", version)
    if found is None:
        return (3, 0, 0, version)
    stage = {None: 0, "beta": 1, "alpha": 2}[found[2]]
    return (stage, -int(found[1]), -int(found[3] or 0), "")


def _group(name: str, versions: list[str]) -> Object:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def _resources(registry: Registry, group: str, version: str) -> Object:
    found = [kind for kind in registry if (kind.group, kind.version) == (group, version)]
    if not found:
        raise ApiError(404, "the server could not find the requested resource", "NotFound", {})
    resources: Objects = []
    for kind in sorted(found, key=lambda kind: kind.plural):
        resources.append(_resource(kind))
        resources += [_subresource(kind, name) for name in kind.subresources]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": found[0].api_version,
        "resources": resources,
    }


def _resource(kind: Kind) -> Object:
    extra: Object = {}
    if kind.short_names:
        extra["shortNames"] = list(kind.short_names)
    if kind.categories:
        extra["categories"] = list(kind.categories)
    return {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": list(kind.verbs),
        **extra,
    }


def _subresource(kind: Kind, name: str) -> Object:
    entry: Object = {"name": f"{kind.plural}/{name}", "singularName": "", "namespaced": kind.namespaced}
    if name in _SUBRESOURCES:
        group, version, other, verbs = _SUBRESOURCES[name]
        return {**entry, "group": group, "version": version, "kind": other, "verbs": verbs}
    return {**entry, "kind": kind.kind, "verbs": ["get"] if name == "log" else _CHANGE}


def _aggregated(registry: Registry, *, core: bool) -> Object:
    items = []
    for name, versions in _groups(registry).items():
        if (name == "") is core:
            listed = [_aggregated_version(registry, name, version) for version in versions]
            meta = {"name": name, "creationTimestamp": None} if name else {"creationTimestamp": None}
            items.append({"metadata": meta, "versions": listed})
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _aggregated_version(registry: Registry, group: str, version: str) -> Object:
    found = sorted((k for k in registry if (k.group, k.version) == (group, version)), key=lambda kind: kind.plural)
    return {"version": version, "freshness": "Current", "resources": [_aggregated_resource(kind) for kind in found]}


def _aggregated_resource(kind: Kind) -> Object:
    resource: Object = {
        "resource": kind.plural,
        "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": list(kind.verbs),
    }
    if kind.short_names:
        resource["shortNames"] = list(kind.short_names)
    if kind.categories:
        resource["categories"] = list(kind.categories)
    if kind.subresources:
        resource["subresources"] = [_aggregated_subresource(kind, name) for name in kind.subresources]
    return resource


def _aggregated_subresource(kind: Kind, name: str) -> Object:
    default = (kind.group, kind.version, kind.kind, ["get"] if name == "log" else _CHANGE)
    group, version, other, verbs = _SUBRESOURCES.get(name, default)
    response = {"group": group, "version": version, "kind": other}
    return {"subresource": name, "responseKind": response, "verbs": verbs}
