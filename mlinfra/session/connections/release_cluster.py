"""A cluster as releases need it: the port of `providers.helm`, over the Kubernetes client.

The session puts the two together; neither knows the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mlinfra.core.errors import InvalidRequest, NotFound
from mlinfra.providers.kubernetes.answers import having
from mlinfra.providers.kubernetes.api import Api
from mlinfra.providers.kubernetes.causes import cause_of
from mlinfra.providers.kubernetes.client import Object
from mlinfra.providers.kubernetes.discovery import Place
from mlinfra.providers.kubernetes.managed import MANAGER
from mlinfra.providers.kubernetes.readiness import judge
from mlinfra.providers.kubernetes.token import Kind

_APPLY = {"fieldManager": MANAGER, "force": "true"}


class ReleaseCluster:
    """See `providers.helm.cluster.Cluster`. Safe to share between threads."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def version(self) -> str:
        """Major and minor: what hangs on more than that is no chart's business."""
        found = self._api.client.get("/version", "asking the cluster for its version", having("gitVersion"))
        return ".".join(str(found.get("gitVersion", "")).lstrip("v").split(".")[:2])

    def apis(self) -> frozenset[str]:
        """Group versions and kinds, as they are by now: charts bring some with them."""
        self._api.discovery.read_again()
        kinds = [place.kind for place in self._api.discovery.places()]
        return frozenset(name for kind in kinds for name in (kind.api_version, f"{kind.api_version}/{kind.name}"))

    def list(self, api_version: str, kind: str, *, labels: str = "", namespace: str = "") -> Iterable[Object]:
        """All objects of a kind; none of a kind that is not there."""
        place = self._find(api_version, kind)
        query = {"labelSelector": labels} if labels else {}
        try:
            return list(self._api.each(place, namespace=namespace, **query)) if place is not None else ()
        except NotFound:  # it was there when the API was asked what it has
            return ()

    def metadata(self, api_version: str, kind: str) -> Iterable[Object]:
        """The metadata of all objects of a kind."""
        place = self._find(api_version, kind)
        return list(self._api.metadata(place)) if place is not None else ()

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Object | None:
        """One object; `None` where there is none, or no such kind."""
        place = self._find(api_version, kind)
        return self._api.get(place, _id(place, namespace, name)) if place is not None else None

    def apply(self, object: Object) -> Object:
        """Server-side apply, with force."""
        metadata = object["metadata"]
        place = self._place(object["apiVersion"], object["kind"])
        name = _id(place, metadata.get("namespace", ""), metadata["name"])
        return self._api.client.apply(place.path(name), object, f"applying {place.kind.name} {name}", _APPLY)[0]

    def merge(self, api_version: str, kind: str, namespace: str, name: str, patch: Mapping[str, Any]) -> Object:
        """Merge a patch."""
        place = self._place(api_version, kind)
        path = place.path(_id(place, namespace, name))
        return self._api.client.patch(path, dict(patch), f"changing {kind} {namespace}/{name}")

    def trouble(self, object: Object) -> str:
        """Why an object is not ready, with the cause; empty where it is."""
        place = self._find(object["apiVersion"], object["kind"])
        if place is None:
            return ""
        verdict = judge(self._api, place, object)
        words = verdict.failed or verdict.waiting
        cause = cause_of(self._api, place, object) if words else ""
        return f"{words} ({cause})" if cause else words

    def _find(self, api_version: str, kind: str) -> Place | None:
        """Where a kind stands. One that is not known may have been installed a moment ago."""
        try:
            return self._place(api_version, kind)
        except NotFound:
            return None

    def _place(self, api_version: str, kind: str) -> Place:
        group, _, version = api_version.rpartition("/")
        if not version or not kind:
            raise InvalidRequest(f"{api_version}/{kind} is no kind of object")
        return self._api.discovery.place(Kind(group, version, kind))


def _id(place: Place, namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if place.namespaced and namespace else name
