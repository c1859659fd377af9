"""A cluster that does not exist yet: what it will be is known, and that nothing is in it.

Plans of the first day are made with it. What would change something is never called.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from mlinfra.core.errors import InvalidRequest
from mlinfra.providers.helm.cluster import Object


class NoCluster:
    """The port `Cluster`, for a cluster that will serve a version of Kubernetes, and `apis` beside its own."""

    def __init__(self, kubernetes: str, apis: Iterable[str] = ()) -> None:
        self._kubernetes, self._apis = kubernetes, frozenset(apis)

    def version(self) -> str:
        """The version that it will serve."""
        return self._kubernetes

    def apis(self) -> frozenset[str]:
        """What it will serve beside what every cluster does."""
        return self._apis

    def list(self, api_version: str, kind: str, *, labels: str = "", namespace: str = "") -> Iterable[Object]:
        """Nothing."""
        return ()

    def metadata(self, api_version: str, kind: str) -> Iterable[Object]:
        """Nothing."""
        return ()

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Object | None:
        """Nothing."""
        return None

    def apply(self, object: Object) -> Object:
        """Refused."""
        self._refuse()

    def merge(self, api_version: str, kind: str, namespace: str, name: str, patch: Mapping[str, Any]) -> Object:
        """Refused."""
        self._refuse()

    def trouble(self, object: Object) -> str:
        """Nothing."""
        return ""

    def _refuse(self) -> NoReturn:
        raise InvalidRequest("the cluster does not exist yet")
