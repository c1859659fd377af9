"""Inside clusters: a provider for each kind of connection that leads into one.

The Kubernetes and the Helm provider do not know each other; what one needs of the other is handed over here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from mlinfra.core.clock import Clock
from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.core.connections import HELM
from mlinfra.core.errors import PlanError
from mlinfra.core.provider import Provider
from mlinfra.core.value import Secret
from mlinfra.providers.helm.charts import ChartSource
from mlinfra.providers.helm.cluster import Cluster
from mlinfra.providers.helm.helm import Helm
from mlinfra.providers.helm.no_cluster import NoCluster
from mlinfra.providers.helm.provider import HelmProvider
from mlinfra.providers.helm.sdk import SdkHelm, is_installed
from mlinfra.providers.helm.work import Means
from mlinfra.providers.kubernetes.provider import KubernetesProvider
from mlinfra.session.closed import UnmadeCluster
from mlinfra.session.codes import Code
from mlinfra.session.release_cluster import ReleaseCluster


class Insides:
    """The clusters of one session. Safe to share between threads."""

    def __init__(self, charts: ChartSource, secrets: Callable[[Secret], str], clock: Clock, root: Path) -> None:
        self._charts, self._secrets, self._clock, self._root = charts, secrets, clock, root
        self._lock = threading.Lock()
        self._objects: dict[str, KubernetesProvider] = {}
        self._releases: dict[str, Provider] = {}

    def provider(self, kind: str, endpoint: ClusterEndpoint) -> Provider:
        """The provider of a kind for a cluster that can be entered."""
        with self._lock:
            identity = endpoint.identity
            if identity not in self._objects:
                self._objects[identity] = KubernetesProvider(endpoint, self._clock, self._secrets)
            if kind != HELM:
                return self._objects[identity]
            if identity not in self._releases:
                cluster = ReleaseCluster(self._objects[identity].api)
                self._releases[identity] = self._releases_in(cluster, endpoint)
            return self._releases[identity]

    def unmade(self, kind: str) -> Provider:
        """The provider of a kind for a cluster that is not there yet: it looks ahead, and changes nothing."""
        return self._releases_in(NoCluster(""), None) if kind == HELM else UnmadeCluster()

    def _releases_in(self, cluster: Cluster, endpoint: ClusterEndpoint | None) -> Provider:
        means = Means(helm=_helm(endpoint), cluster=cluster, charts=self._charts, clock=self._clock, root=self._root)
        return HelmProvider(means)


def _helm(endpoint: ClusterEndpoint | None) -> Helm:
    if is_installed():
        return SdkHelm(endpoint)
    raise PlanError(
        "the stack has Helm releases, and Helm is not installed", code=Code.NO_HELM, hint="pip install 'mlinfra[helm]'"
    )
