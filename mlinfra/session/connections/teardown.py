"""Teardown: the drain of a cluster's insides and the sweep of what it leaves, put together for the engine.

A drain looks into the cluster, a sweep at the account; neither knows of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from mlinfra.aws.calls import Calls
from mlinfra.core import connections
from mlinfra.core.clock import Clock
from mlinfra.core.errors import AccessDenied, ProviderError
from mlinfra.core.plan import Action, Part
from mlinfra.core.provider import Operation, Target
from mlinfra.library import name_keeper
from mlinfra.providers.aws.sweep import Left, Sweep
from mlinfra.providers.aws.written_names import WrittenNames
from mlinfra.providers.kubernetes.api import Api
from mlinfra.providers.kubernetes.client import Client
from mlinfra.providers.kubernetes.drain import Drain
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.session.connections.clusters import Clusters, name_of


class ClusterTeardown:
    """For the EKS clusters of one session, which is connected only where there is one to take down.

    delete_data: also what may hold somebody's data."""

    def __init__(
        self, clusters: Callable[[], Clusters], calls: Callable[[], Calls], clock: Clock, *, delete_data: bool
    ) -> None:
        self._clusters, self._calls, self._clock, self._delete_data = clusters, calls, clock, delete_data
        self._kept: tuple[Left, ...] = ()
        self._zones: dict[str, tuple[str, ...]] = {}

    @property
    def kept(self) -> tuple[Left, ...]:
        """The data that was left where it is."""
        return self._kept

    def outside(self, target: Target) -> tuple[Part, ...]:
        """What a drain would take down; where the cluster cannot be looked into, that and why."""
        try:
            api = self._api(target)
            return (*self._drain(api).outside(), *self._written(api, target)) if api is not None else ()
        except ProviderError as error:
            return (Part(action=Action.NO_OP, name="its insides", note=f"cannot be looked into: {error}"),)

    def drain(self, target: Target, operation: Operation) -> None:
        """Take down what controllers made, while they live."""
        api = self._api(target)
        if api is None:
            operation.say("the cluster is not there, so that nothing in it is taken down")
            return
        self._drain(api).run(operation)
        with suppress(ProviderError):  # one that cannot be reached says nothing, which the drain has said
            self._zones[_cluster_of(target)] = _zones(api)

    def sweep(self, target: Target, operation: Operation) -> None:
        """Remove what bears the mark of the cluster that is gone."""
        identity = connections.CLUSTER.identity_of(target.outputs)
        if identity is not None:
            self._clusters().forget(identity)
        name = _cluster_of(target)
        sweep = Sweep(self._calls(), self._clock)
        if not sweep.is_there(name):
            self._remove_names(name, operation)
        self._kept = (*self._kept, *sweep.run(name, operation, delete_data=self._delete_data))

    def _remove_names(self, cluster: str, operation: Operation) -> None:
        """Out of the zones that the cluster named before it went, else of whichever may be looked into."""
        zones = self._zones.get(cluster)
        try:
            WrittenNames(self._calls()).remove(cluster, zones, operation)
        except AccessDenied as error:
            if zones is not None:
                raise
            operation.say(f"names that the cluster wrote into hosted zones cannot be looked for: {error}")

    def _written(self, api: Api, target: Target) -> Iterator[Part]:
        """The names in DNS that go with the cluster."""
        for one in WrittenNames(self._calls()).left(_cluster_of(target), _zones(api)):
            yield Part(action=Action.DELETE, name=str(one), note=f"in zone {one.zone}, written by the cluster")

    def _drain(self, api: Api) -> Drain:
        return Drain(api, delete_data=self._delete_data)

    def _api(self, target: Target) -> Api | None:
        """The way into the cluster; `None` where it is not there."""
        identity = connections.CLUSTER.identity_of(target.outputs)
        endpoint = self._clusters().endpoint(identity) if identity is not None else None
        return Api(Client(endpoint, self._clock), self._clock) if endpoint is not None else None


def _cluster_of(target: Target) -> str:
    """Its name."""
    identity = connections.CLUSTER.identity_of(target.outputs)
    return name_of(identity) if identity is not None else target.id


def _zones(api: Api) -> tuple[str, ...]:
    """The hosted zones into which something in the cluster writes names."""
    place = api.find(Kind("", "v1", "ConfigMap"))
    note = api.get(place, f"{name_keeper.NAMESPACE}/{name_keeper.NAME}") if place is not None else None
    said = ((note or {}).get("data") or {}).get(name_keeper.KEY, "")
    return tuple(filter(None, said.split(",")))
