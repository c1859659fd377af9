"""The cloud of a session: from the target that a stack names to providers, types and facts.

Made once for each session. Connects on first use, so that commands that need no cloud need no credentials.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mlinfra.aws.calls import Calls
from mlinfra.aws.clients import Client, Clients, Endpoint
from mlinfra.aws.facts import read_facts
from mlinfra.aws.identity import Identity
from mlinfra.aws.regions import check_region
from mlinfra.core.clock import Clock, FastClock
from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.core.connections import HELM, KUBERNETES, is_in_cluster
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import NotFound, PlanError, ProviderError
from mlinfra.core.facts import Facts, Wants
from mlinfra.core.provider import Provider
from mlinfra.core.resource import Connection, Graph
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.stack import Target
from mlinfra.core.value import Secret, is_known
from mlinfra.library.library import Library
from mlinfra.providers.aws.provider import AwsProvider
from mlinfra.session.codes import Code
from mlinfra.session.connections.road import UNSAID, Road
from mlinfra.session.connections.secrets import Secrets
from mlinfra.session.reading.kinds import Kinds

if TYPE_CHECKING:  # what leads into clusters is imported by whoever goes there
    from mlinfra.providers.kubernetes.api import Api
    from mlinfra.providers.kubernetes.provider import KubernetesProvider
    from mlinfra.session.connections.chart_source import Charts
    from mlinfra.session.connections.clusters import Clusters
    from mlinfra.session.connections.releases import Releases
    from mlinfra.session.connections.teardown import ClusterTeardown

# What the simulated cloud accepts; it knows no others, and no account outside the machine.
_SANDBOX_KEY = "sandbox"
_HURRY = 20.0
_BRIEF_ATTEMPTS, _BRIEF_PATIENCE = 3, 30.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Cloud:
    """What one target offers. `library`: whose contracts tell what charts are like that a rehearsal cannot have.

    beside: the folder of the stack file, which paths of charts are relative to. road: how its clusters are reached.
    """

    def __init__(
        self,
        target: Target,
        root: Path,
        clock: Clock,
        library: Library,
        beside: Path | None = None,
        road: Road = UNSAID,
    ) -> None:
        self._target, self._root, self._library, self._road = target, root, library, road
        self._beside = root if beside is None else beside
        # What takes minutes in a real account takes seconds in a simulated one, which is always on this machine.
        self.is_simulated = _is_simulated(target)
        self._clock = FastClock(clock, _HURRY) if self.is_simulated else clock
        self._providers: dict[Connection, Provider] = {}
        self._objects: dict[str, KubernetesProvider] = {}  # by the cluster that they are in

    @cached_property
    def types(self) -> Mapping[str, ResourceType]:
        """Every type, by token. Needs no credentials."""
        return Kinds()

    @cached_property
    def taggable(self) -> frozenset[str]:
        """The tokens of the types that the stack's tags are given to."""
        return frozenset(token for token, kind in self.types.items() if kind.maps_tags)

    @cached_property
    def connection(self) -> Connection:
        """The account and region that the stack is made in. Raises `AccessDenied` where it is another account."""
        identity = self._identity
        caller = identity.require(self._target.account) if self._target.account else identity.caller()
        return Connection("aws", f"{caller.account}/{self.region}")

    @property
    def clock(self) -> Clock:
        """What waits for it: by seconds that pass faster where it is simulated."""
        return self._clock

    @property
    def region(self) -> str:
        """The target's region."""
        return self._calls.region

    def connect(self, connection: Connection) -> Provider:
        """The provider behind a connection. Raises `PlanError` for one that this target does not have."""
        if is_in_cluster(connection.kind):
            return self._in_cluster(connection)
        if connection != self.connection:
            raise PlanError(
                f"what was made in {connection.identity} cannot be reached from {self.connection.identity}",
                code=Code.OTHER_CONNECTION,
                hint="use the account and region that the state was made with",
            )
        if connection not in self._providers:
            self._providers[connection] = AwsProvider(
                str(connection.identity),
                self._calls,
                self._clock,
                self._secret,
                caller=self._identity,
            )
        return self._providers[connection]

    def _in_cluster(self, connection: Connection) -> Provider:
        """Into a cluster: what is there, or the certainty that nothing is, or the reason why nobody can see it."""
        from mlinfra.session.connections.closed import ClosedCluster, UnmadeCluster

        if not is_known(connection.identity):
            return self._releases.unmade() if connection.kind == HELM else UnmadeCluster()
        identity = str(connection.identity)
        try:
            endpoint = self._clusters.endpoint(identity)
        except (ProviderError, PlanError) as error:
            return ClosedCluster(identity, str(error))
        if endpoint is None:
            return ClosedCluster(identity)
        return self._enter(connection, endpoint)

    def _enter(self, connection: Connection, endpoint: ClusterEndpoint) -> Provider:
        """The provider of what lies in a cluster that can be entered."""
        from mlinfra.providers.kubernetes.provider import KubernetesProvider

        if connection not in self._providers:
            objects = self._objects.setdefault(
                endpoint.identity, KubernetesProvider(endpoint, self._clock, self._secret)
            )
            made = self._releases.provider(endpoint, objects.api) if connection.kind == HELM else objects
            self._providers[connection] = made
        return self._providers[connection]

    @property
    def leads_inside(self) -> bool:
        """Whether the target itself is a cluster."""
        return self._target.platform == KUBERNETES

    def api(self, connection: Connection) -> Api:
        """The API of a cluster, to look into. Raises `ProviderError` (MLI3063) where it is not there."""
        self._in_cluster(Connection(KUBERNETES, connection.identity))
        provider = self._objects.get(str(connection.identity))
        if provider is None:
            self._clusters.endpoint(str(connection.identity))  # says why nobody can see it, if that is why
            raise NotFound(f"{connection.identity} is not there any more", code=Code.CLUSTER_CLOSED)
        return provider.api

    def settled(self, graph: Graph) -> Graph:
        """The graph with its releases pinned to very charts, fetched if need be. Raises `ConfigError`."""
        return self._releases.settled(graph) if any(one.connection.kind == HELM for one in graph) else graph

    def notes(self) -> tuple[Diagnostic, ...]:
        """What is to be said of the charts that were asked for."""
        return self.charts.notes() if "charts" in self.__dict__ else ()

    @cached_property
    def _releases(self) -> Releases:
        from mlinfra.session.connections.releases import Releases

        return Releases(self.charts, self._beside, self._clock)

    @cached_property
    def charts(self) -> Charts:
        """Where charts come from."""
        from mlinfra.session.connections.chart_source import Charts

        return Charts(self._library, self._root, self._secret, rehearsed=_is_simulated(self._target))

    def _secret(self, secret: Secret) -> str:
        return Secrets(self._calls).value(secret)

    def facts(self, wants: Wants) -> Facts:
        """The facts as they are now."""
        return read_facts(self._calls, self._identity, wants)

    def recall(self, facts: Facts) -> None:
        """Take note of facts that were pinned, so that a refusal can say where the stack was made."""

    def whereabouts(self) -> Mapping[str, str]:
        """What people must know of the place that is changed, beside the target; by what it is. Makes no call."""
        return {}

    def teardown(self, *, delete_data: bool) -> ClusterTeardown:
        """Who takes down what clusters made outside of themselves."""
        from mlinfra.session.connections.teardown import ClusterTeardown

        return ClusterTeardown(lambda: self._clusters, lambda: self._calls, self._clock, delete_data=delete_data)

    def client(self, service: str) -> Client:
        """The SDK's own client, for a state backend."""
        return self._clients.of(service)

    @property
    def calls(self) -> Calls:
        """The calls of the target's region."""
        return self._calls

    @cached_property
    def brief_calls(self) -> Calls:
        """The same, for questions that a plan must not wait for: what has no answer soon is told as not checked."""
        return Calls(self._clients, self._clock, attempts=_BRIEF_ATTEMPTS, patience=_BRIEF_PATIENCE)

    def calls_in(self, region: str) -> Calls:
        """The calls of another region, for what is answered there alone."""
        return Calls(Clients(region, self.endpoint), self._clock)

    @cached_property
    def endpoint(self) -> Endpoint | None:
        """Where the sandbox answers, which is started if need be; `None` for AWS."""
        return self._endpoint()

    @cached_property
    def _clients(self) -> Clients:
        check_region(self._target.region, simulated=self.is_simulated)
        return Clients(self._target.region, self.endpoint)

    @cached_property
    def _calls(self) -> Calls:
        return Calls(self._clients, self._clock)

    @cached_property
    def _clusters(self) -> Clusters:
        from mlinfra.session.connections.clusters import Clusters

        return Clusters(self._calls, self._clients, self._clock, UNSAID if self.is_simulated else self._road)

    @cached_property
    def _identity(self) -> Identity:
        return Identity(self._calls)

    def _endpoint(self) -> Endpoint | None:
        if self._target.platform != "sandbox":
            return None
        from mlinfra.session.connections.sandbox import sandbox_up

        status = sandbox_up(None, root=self._root)
        return Endpoint(url=status.endpoint, access_key=_SANDBOX_KEY, secret_key=_SANDBOX_KEY)


def _is_simulated(target: Target) -> bool:
    """Whether the cloud is one that runs on this machine: the sandbox, or whatever the environment points at."""
    elsewhere = urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname
    return target.platform == "sandbox" or elsewhere in _LOOPBACK
