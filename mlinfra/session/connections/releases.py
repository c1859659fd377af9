"""Releases: what a session needs for Helm: charts, the way into clusters, and Helm itself.

Made once for each cloud. Which Helm is used is decided here: the SDK where it is installed, else the `helm` program.
"""

from __future__ import annotations

from pathlib import Path

from mlinfra.core.clock import Clock
from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.core.errors import InvalidRequest
from mlinfra.core.resource import Graph
from mlinfra.core.value import is_known
from mlinfra.providers.helm import binary, sdk
from mlinfra.providers.helm.charts import ChartSource
from mlinfra.providers.helm.codes import Code
from mlinfra.providers.helm.helm import Helm
from mlinfra.providers.helm.no_cluster import NoCluster
from mlinfra.providers.helm.pinning import pinned
from mlinfra.providers.helm.provider import HelmProvider
from mlinfra.providers.helm.work import Means
from mlinfra.providers.kubernetes.api import Api
from mlinfra.session.connections.release_cluster import ReleaseCluster

_CLUSTER = "aws:eks/cluster:Cluster"


class Releases:
    """The releases of one session. `charts`: where charts come from; `root`: what their paths are relative to."""

    def __init__(self, charts: ChartSource, root: Path, clock: Clock) -> None:
        self._charts, self._root, self._clock = charts, root, clock
        self._expected = ""  # the version of Kubernetes that the stack's cluster will have

    def settled(self, graph: Graph) -> Graph:
        """The graph with every release pinned to one very chart. Raises `ConfigError`."""
        versions = [one.properties.get("version") for one in graph if one.type == _CLUSTER]
        self._expected = next((str(version) for version in versions if version and is_known(version)), "")
        return pinned(graph, self._charts, self._root)

    def provider(self, endpoint: ClusterEndpoint, api: Api) -> HelmProvider:
        """The releases in a cluster that can be entered."""
        return HelmProvider(
            Means(
                helm=helm(endpoint),
                cluster=ReleaseCluster(api),
                charts=self._charts,
                clock=self._clock,
                root=self._root,
            )
        )

    def unmade(self) -> HelmProvider:
        """Those in a cluster that the same plan makes: none yet."""
        nowhere = NoCluster(self._expected)
        return HelmProvider(
            Means(helm=helm(None), cluster=nowhere, charts=self._charts, clock=self._clock, root=self._root)
        )


def helm(endpoint: ClusterEndpoint | None) -> Helm:
    """Helm, connected to a cluster, or to none. Raises `InvalidRequest` (MLI5150) where there is no Helm."""
    if sdk.is_installed():
        return sdk.SdkHelm(endpoint)
    if binary.is_installed():
        return binary.BinaryHelm(endpoint)
    raise InvalidRequest(
        "neither the Helm SDK nor the program `helm` is installed",
        code=Code.NO_HELM,
        hint="pip install 'mlinfra[helm]', or put helm 4 on the PATH",
    )
