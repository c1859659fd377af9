"""The port through which releases are read: the API of the cluster that they are in, as far as this package needs it.

The session makes one from the Kubernetes client; this package does not know that client.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeAlias

Object: TypeAlias = dict[str, Any]


class Cluster(Protocol):
    """One cluster. Objects are plain dicts; every method raises `ProviderError` or one of its kinds."""

    def version(self) -> str:
        """The version of Kubernetes that is served: `1.33`."""
        ...

    def apis(self) -> frozenset[str]:
        """Group versions and kinds that are served: `apps/v1`, `apps/v1/Deployment`."""
        ...

    def list(self, api_version: str, kind: str, *, labels: str = "", namespace: str = "") -> Iterable[Object]:
        """All objects of a kind, or those that a label selector takes; of all namespaces, where none is given.

        A kind that the cluster does not have has no objects.
        """
        ...

    def metadata(self, api_version: str, kind: str) -> Iterable[Object]:
        """The metadata of all objects of a kind, and nothing else of them: of some the rest is large."""
        ...

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Object | None:
        """One object; `None` where there is none, or no such kind."""
        ...

    def apply(self, object: Object) -> Object:
        """Server-side apply, as `mlinfra` and with force; answers the object as it is then."""
        ...

    def merge(self, api_version: str, kind: str, namespace: str, name: str, patch: Mapping[str, Any]) -> Object:
        """Merge a patch into an object that is there."""
        ...

    def trouble(self, object: Object) -> str:
        """Why an object that is there is not ready, with its cause; empty where it is."""
        ...
