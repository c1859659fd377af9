"""Teardown: the drain of a cluster's insides and the sweep of what it leaves, put together for the engine.

A drain looks into the cluster, a sweep at the account; neither knows of the other.
"""

from __future__ import annotations

from collections.abc import Callable

from mlinfra.aws.calls import Calls
from mlinfra.core import connections
from mlinfra.core.clock import Clock
from mlinfra.core.errors import ProviderError
from mlinfra.core.plan import Action, Part
from mlinfra.core.provider import Operation, Target
from mlinfra.providers.aws.sweep import Left, Sweep
from mlinfra.providers.kubernetes.api import Api
from mlinfra.providers.kubernetes.client import Client
from mlinfra.providers.kubernetes.drain import Drain
from mlinfra.session.clusters import Clusters, name_of


class ClusterTeardown:
    """For the EKS clusters of one session, which is connected only where there is one to take down.

    delete_data: also what may hold somebody's data."""

    def __init__(
        self, clusters: Callable[[], Clusters], calls: Callable[[], Calls], clock: Clock, *, delete_data: bool
    ) -> None:
        self._clusters, self._calls, self._clock, self._delete_data = clusters, calls, clock, delete_data
        self._kept: tuple[Left, ...] = ()

    @property
    def kept(self) -> tuple[Left, ...]:
        """The data that was left where it is."""
        return self._kept

    def outside(self, target: Target) -> tuple[Part, ...]:
        """What a drain would take down; where the cluster cannot be looked into, that and why."""
        try:
            drain = self._drain(target)
            return drain.outside() if drain is not None else ()
        except ProviderError as error:
            return (Part(action=Action.NO_OP, name="its insides", note=f"cannot be looked into: {error}"),)

    def drain(self, target: Target, operation: Operation) -> None:
        """Take down what controllers made, while they live."""
        drain = self._drain(target)
        if drain is None:
            operation.say("the cluster is not there, so that nothing in it is taken down")
            return
        drain.run(operation)

    def sweep(self, target: Target, operation: Operation) -> None:
        """Remove what bears the mark of the cluster that is gone."""
        identity = connections.CLUSTER.identity_of(target.outputs)
        if identity is not None:
            self._clusters().forget(identity)
        name = name_of(identity) if identity is not None else target.id
        sweep = Sweep(self._calls(), self._clock)
        self._kept = (*self._kept, *sweep.run(name, operation, delete_data=self._delete_data))

    def _drain(self, target: Target) -> Drain | None:
        identity = connections.CLUSTER.identity_of(target.outputs)
        endpoint = self._clusters().endpoint(identity) if identity is not None else None
        if endpoint is None:
            return None
        return Drain(Api(Client(endpoint, self._clock), self._clock), delete_data=self._delete_data)
