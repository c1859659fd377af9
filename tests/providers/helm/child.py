"""A process that installs a release, for a test to kill: server, file of its authority, number of a place."""

from __future__ import annotations

import sys
from pathlib import Path

from mlinfra.core.clock import SystemClock
from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.providers.helm.provider import HelmProvider
from mlinfra.providers.helm.sdk import SdkHelm
from mlinfra.providers.helm.work import Means
from mlinfra.providers.kubernetes.api import Api
from mlinfra.providers.kubernetes.client import Client
from mlinfra.session.connections.release_cluster import ReleaseCluster
from tests.providers.helm.place import CHARTS, LOCAL, Place

if __name__ == "__main__":
    server, authority, number = sys.argv[1:]
    endpoint = ClusterEndpoint(
        identity="it", server=server, authority=Path(authority).read_text(), token=lambda: "anything"
    )
    cluster = ReleaseCluster(Api(Client(endpoint, SystemClock()), SystemClock()))
    means = Means(helm=SdkHelm(endpoint), cluster=cluster, charts=LOCAL, clock=SystemClock(), root=CHARTS)
    Place(HelmProvider(means), cluster, int(number)).make(values={"replicas": 1})
