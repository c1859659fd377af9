"""A cluster for tests: the emulator with nodes and controllers, and the port through which releases are read."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

import httpx

from mlinfra.core.clock import FastClock, SystemClock
from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.providers.kubernetes.api import Api
from mlinfra.providers.kubernetes.client import Client
from mlinfra.sandbox.kubernetes.cluster import KubernetesCluster
from mlinfra.sandbox.kubernetes.controllers.cloud import NodeGroup
from mlinfra.sandbox.kubernetes.controllers.control_plane import ControlPlane
from mlinfra.sandbox.kubernetes.controllers.memory_cloud import MemoryCloud, shape
from mlinfra.sandbox.kubernetes.controllers.options import Options, Timings
from mlinfra.sandbox.kubernetes.faults import Attendant, attend
from mlinfra.session.connections.release_cluster import ReleaseCluster

VERSION = "1.33"
_SWIFT = Timings(node_boot=0.02, image_pull=0.02, readiness=0.02, termination=0.02, run=0.02)


def _now() -> datetime:
    return datetime.now(UTC)


class Emulated:
    """A running emulator with two nodes."""

    def __init__(self, name: str = "helm", attendant: Attendant = attend) -> None:
        self.cluster = KubernetesCluster(name, version=VERSION, clock=_now, attendant=attendant)
        cloud = MemoryCloud(_now)
        machines = [shape("m6i.4xlarge", "eu-west-1a", {"cpu": "16", "memory": "64Gi"}, group="system")]
        cloud.add_group(NodeGroup(name="system", minimum=2, maximum=2, desired=2, shapes=machines))
        self._plane = ControlPlane(name, self.cluster.store, _now, cloud, Options(timings=_SWIFT))
        self._plane.runtime.start()
        self.endpoint = ClusterEndpoint(
            identity=name, server=self.cluster.start(), authority=self.cluster.ca_pem, token=lambda: "anything"
        )
        context = ssl.create_default_context(cadata=self.cluster.ca_pem)
        self.http = httpx.Client(base_url=self.endpoint.server, verify=context)
        hurried = FastClock(SystemClock(), 100)
        self._client = Client(self.endpoint, hurried)
        self.live = ReleaseCluster(Api(self._client, hurried))

    def close(self) -> None:
        self.http.close()
        self._client.close()
        self._plane.runtime.stop()
        self.cluster.stop()
