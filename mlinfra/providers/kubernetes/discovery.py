"""Discovery: which kinds an API has, and where their objects stand.

Asked once for the whole API, and again when a kind is not there that may have been installed meanwhile. Aggregated
discovery: kubernetes.io, "The Kubernetes API" (GA in 1.30); an API without it is asked group by group.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from mlinfra.core.errors import NotFound, ProviderError
from mlinfra.providers.kubernetes.answers import one_of
from mlinfra.providers.kubernetes.client import Client, Object
from mlinfra.providers.kubernetes.codes import Code
from mlinfra.providers.kubernetes.token import Kind

_AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
)
_ALL = "APIGroupDiscoveryList"
_PLAIN = ("APIVersions", "APIGroupList")  # what an API without aggregated discovery answers
_DOING = "asking the cluster which kinds it has"


class Place(msgspec.Struct, frozen=True):
    """Where the objects of a kind stand. `preferred`: in the version that the API itself prefers."""

    kind: Kind
    plural: str
    namespaced: bool
    verbs: frozenset[str]
    has_status: bool = False
    preferred: bool = True

    def collection(self, namespace: str = "") -> str:
        """The path of all objects, or of those in one namespace."""
        base = f"/apis/{self.kind.api_version}" if self.kind.group else f"/api/{self.kind.version}"
        scope = f"/namespaces/{namespace}" if namespace else ""
        return f"{base}{scope}/{self.plural}"

    def path(self, id: str) -> str:
        """The path of one object by its id."""
        namespace, name = self.split(id)
        return f"{self.collection(namespace)}/{name}"

    def split(self, id: str) -> tuple[str, str]:
        """Namespace and name of an id; the namespace is empty where there is none."""
        namespace, slash, name = id.rpartition("/")
        if self.namespaced and not slash:
            namespace = "default"
        return (namespace, name) if self.namespaced else ("", name)


class Discovery:
    """The kinds of one API. Safe to share between threads."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._places: dict[Kind, Place] | None = None
        self._stale: tuple[str, ...] = ()

    def read_again(self) -> None:
        """Ask for everything anew."""
        self._known(again=True)

    def place(self, kind: Kind, *, look_again: bool = True) -> Place:
        """Where objects of a kind stand. Raises `NotFound` (MLI5101) where the API does not have it."""
        found = self._known(again=False).get(kind)
        if found is None and look_again:
            found = self._known(again=True).get(kind)
        if found is None:
            if kind.api_version in self._stale:
                text = f"the API behind {kind.api_version} does not answer at the moment"
                raise ProviderError(text, hint="an APIService in the cluster is not available")
            hint = "install what defines it first: declare its CustomResourceDefinition, or the chart that brings it"
            raise NotFound(f"the cluster has no {kind.name} of {kind.api_version}", code=Code.UNKNOWN_KIND, hint=hint)
        return found

    def places(self) -> Iterator[Place]:
        """Every kind that can be listed and deleted, each in the version that the API prefers."""
        for place in self._known(again=False).values():
            if place.preferred and {"list", "delete", "patch"} <= place.verbs:
                yield place

    def _known(self, *, again: bool) -> dict[Kind, Place]:
        with self._lock:
            if self._places is None or again:
                self._places, self._stale = self._read()
            return self._places

    def _read(self) -> tuple[dict[Kind, Place], tuple[str, ...]]:
        found: dict[Kind, Place] = {}
        stale: list[str] = []
        for root in ("/api", "/apis"):
            answer = self._client.get(root, _DOING, one_of(_ALL, *_PLAIN), accept=_AGGREGATED)
            if answer.get("kind") != _ALL:
                found.update((place.kind, place) for place in self._one_by_one(root, answer))
                continue
            for group in answer.get("items") or ():
                name = group["metadata"].get("name", "")
                for rank, version in enumerate(group.get("versions") or ()):
                    if version.get("freshness") == "Stale":
                        stale.append(f"{name}/{version['version']}")
                    found.update((p.kind, p) for p in _places(name, version, preferred=rank == 0))
        return _preferring(found), tuple(stale)

    def _one_by_one(self, root: str, answer: Object) -> Iterator[Place]:
        """An API without aggregated discovery."""
        if root == "/api":
            yield from self._listed("", "v1", f"{root}/v1", preferred=True)
        for group in answer.get("groups") or ():
            best = group.get("preferredVersion", {}).get("version")
            for version in group.get("versions") or ():
                path = f"{root}/{version['groupVersion']}"
                yield from self._listed(group["name"], version["version"], path, preferred=version["version"] == best)

    def _listed(self, group: str, version: str, path: str, *, preferred: bool) -> Iterator[Place]:
        resources = self._client.get(path, _DOING, one_of("APIResourceList")).get("resources") or ()
        with_status = {r["name"].partition("/")[0] for r in resources if r["name"].endswith("/status")}
        for resource in resources:
            if "/" not in resource["name"]:
                name = resource["name"]
                verbs = frozenset(resource.get("verbs") or ())
                kind = Kind(group, version, resource["kind"])
                yield Place(kind, name, bool(resource["namespaced"]), verbs, name in with_status, preferred)


def _places(group: str, version: dict[str, Any], *, preferred: bool) -> Iterator[Place]:
    for resource in version.get("resources") or ():
        about = resource.get("responseKind") or {}
        yield Place(
            Kind(group, version["version"], about.get("kind") or ""),
            resource["resource"],
            resource.get("scope") == "Namespaced",
            frozenset(resource.get("verbs") or ()),
            any(sub.get("subresource") == "status" for sub in resource.get("subresources") or ()),
            preferred,
        )


def _preferring(found: dict[Kind, Place]) -> dict[Kind, Place]:
    """A kind that the preferred version of its group lacks is preferred in the first version that has it."""
    best: dict[tuple[str, str], Kind] = {}
    for kind, place in found.items():
        if place.preferred or kind.same not in best:
            best[kind.same] = kind
    return {kind: msgspec.structs.replace(place, preferred=best[kind.same] == kind) for kind, place in found.items()}


def names(places: Iterable[Place]) -> list[str]:
    """The tokens of kinds, in order."""
    return sorted(place.kind.token for place in places)
