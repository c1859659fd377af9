"""A simulated cluster with its controllers, and a provider of it, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

from mlinfra.core.address import Address
from mlinfra.core.clock import FastClock, SystemClock
from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.core.observed import Listing, Present
from mlinfra.core.ownership import Owner
from mlinfra.core.provider import Interest, Target
from mlinfra.core.resource import Ownership
from mlinfra.core.value import Path, Properties, Secret
from mlinfra.engine.diff import Difference, compare
from mlinfra.providers.kubernetes.provider import KubernetesProvider
from mlinfra.providers.kubernetes.types import type_of
from mlinfra.sandbox.kubernetes.cluster import KubernetesCluster
from mlinfra.sandbox.kubernetes.controllers.cloud import NodeGroup
from mlinfra.sandbox.kubernetes.controllers.control_plane import ControlPlane
from mlinfra.sandbox.kubernetes.controllers.memory_cloud import MemoryCloud, shape
from mlinfra.sandbox.kubernetes.controllers.options import Options, Timings
from mlinfra.sandbox.kubernetes.faults import Attendant, Call, Obstacles, Serve, no_obstacle
from mlinfra.sandbox.kubernetes.requests import Authenticator, Response
from tests.sandbox.kubernetes.client import Client, connect

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
NAMESPACE = "kubernetes:core/v1:Namespace"
SECRET = "kubernetes:core/v1:Secret"
SERVICE = "kubernetes:core/v1:Service"

OURS = Ownership("recsys", "0123456789abcdef")
_SWIFT = Timings(
    node_boot=0.05, image_pull=0.02, readiness=0.02, run=0.05, termination=0.02, load_balancer=0.02, crash_backoff=0.2
)
_HURRY = 20.0


def _nothing() -> None:
    pass


class Operation:
    """Remembers what the provider says."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.words: list[str] = []

    def made(self, id: str) -> None:
        self.ids.append(id)

    def say(self, progress: str) -> None:
        self.words.append(progress)

    def check(self) -> None:
        """Nobody stops it."""

    def fence(self) -> None:
        """Nobody takes over."""


class Striking(Protocol):
    """What happens to a call in the place of being served, or beside it."""

    def strike(self, serve: Serve) -> Response: ...


class Faults:
    """Strikes calls as a test says: each fault once, at the first call that it names."""

    def __init__(self) -> None:
        self._planned: list[tuple[str, Striking]] = []
        self._meanwhile: dict[str, Callable[[], object]] = {}
        self.calls: list[str] = []

    def plan(self, operation: str, fault: Striking) -> None:
        """The next call of that operation (`patch:configmaps`) is struck."""
        self._planned.append((operation, fault))

    def before(self, operation: str, act: Callable[[], object]) -> None:
        """Somebody else acts just before the next call of that operation is served."""
        self._meanwhile[operation] = act

    def attend(self, call: Call, serve: Serve) -> Response:
        self.calls.append(call.operation)
        self._meanwhile.pop(call.operation, _nothing)()
        for entry in self._planned:
            if entry[0] == call.operation:
                self._planned.remove(entry)
                return entry[1].strike(serve)
        return serve()


class Cluster:
    """One cluster: as our provider has it, and as others do."""

    def __init__(self, api: KubernetesCluster, faults: Faults) -> None:
        self.api, self.faults = api, faults
        self.endpoint = ClusterEndpoint(identity="test", server=api.start(), authority=api.ca_pem)
        self.secrets: dict[str, str] = {}
        self.clock = FastClock(SystemClock(), _HURRY)
        self.provider = KubernetesProvider(self.endpoint, self.clock, self.secret)
        self._http = connect(api, "admin")
        self.kubectl = Client(self._http)

    def secret(self, secret: Secret) -> str:
        return self.secrets[secret.name]

    def close(self) -> None:
        self.provider.api.client.close()
        self._http.close()

    def target(self, token: str, properties: Properties, address: str = "resources.it", **about: Any) -> Target:
        owner = Owner.under(OURS, Address(address), about.pop("generation", 1), protect=about.pop("protect", False))
        return Target(address=Address(address), type=token, owner=owner, properties=properties, **about)

    def make(self, token: str, properties: Properties, address: str = "resources.it") -> Present:
        return self.provider.create(self.target(token, properties, address), Operation())

    def list(self, token: str, *ids: str) -> Listing:
        return self.provider.list({token: Interest(frozenset(ids))}, OURS)[token]

    def seen(self, token: str, id: str) -> Present:
        return next(present for present in self.list(token, id).objects if present.id == id)

    def difference(self, token: str, desired: Properties, last: Properties | None, id: str) -> Difference:
        return compare(type_of(token), desired, last, self.seen(token, id).properties)

    def bring(self, token: str, desired: Properties, last: Properties | None, id: str) -> Present:
        """Update as the engine does: the difference first."""
        prior = self.seen(token, id)
        changed: frozenset[Path] = compare(type_of(token), desired, last, prior.properties).changed
        return self.provider.update(self.target(token, desired, id=id), prior, changed, Operation())

    def remove(self, token: str, present: Present) -> Operation:
        operation = Operation()
        target = self.target(token, {}, id=present.id, outputs=present.properties)
        self.provider.delete(target, operation)
        return operation


@contextmanager
def cluster_with(
    obstacles: Obstacles = no_obstacle,
    standing: Sequence[str] = (),
    attendant: Attendant | None = None,
    authenticator: Authenticator | None = None,
) -> Iterator[Cluster]:
    """A cluster with two nodes. With an authenticator, the token `admin` must be an administrator's."""
    faults = Faults()
    api = KubernetesCluster(
        "ml",
        version="1.33",
        clock=_now,
        attendant=attendant or faults.attend,
        obstacles=obstacles,
        authenticator=authenticator,
    )
    cloud = MemoryCloud(_now)
    machines = [shape("m6i.4xlarge", "eu-west-1a", {"cpu": "16", "memory": "64Gi"}, group="system")]
    cloud.add_group(NodeGroup(name="system", minimum=2, maximum=2, desired=2, shapes=machines))
    options = Options(timings=_SWIFT, standing=frozenset(standing))
    plane = ControlPlane("ml", api.store, _now, cloud, options, obstacles)
    plane.runtime.start()
    cluster = Cluster(api, faults)
    try:
        yield cluster
    finally:
        cluster.close()
        plane.runtime.stop()
        api.stop()


def _now() -> datetime:
    return datetime.now(UTC)


def config_map(name: str = "settings", **data: str) -> Properties:
    """A ConfigMap in the default namespace."""
    return {"metadata": {"name": name, "namespace": "default"}, "data": data}


def deployment(
    name: str = "web", replicas: int = 1, notes: dict[str, str] | None = None, **container: Any
) -> Properties:
    """A Deployment of one container."""
    labels = {"app": name}
    template = {
        "metadata": {"labels": labels, **({"annotations": notes} if notes else {})},
        "spec": {"containers": [{"name": "main", "image": "example.com/web:1", **container}]},
    }
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"metadata": {"name": name, "namespace": "default"}, "spec": spec}
