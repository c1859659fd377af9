"""A cluster of the user's own: the target of stacks whose platform is kubernetes.

No cloud account is asked for anything: what can be planned is what lies in the cluster. Only where the state is kept
in S3, or a secret in AWS, the standard AWS environment is used for that.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import msgspec

from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.core.connections import HELM, KUBERNETES, is_in_cluster
from mlinfra.core.errors import PlanError
from mlinfra.core.facts import Facts, Wants
from mlinfra.core.provider import Provider
from mlinfra.core.resource import Connection
from mlinfra.core.value import is_known
from mlinfra.providers.kubernetes import kubeconfig
from mlinfra.providers.kubernetes.api import Api
from mlinfra.providers.kubernetes.identity import read_identity
from mlinfra.session.codes import Code
from mlinfra.session.connections.closed import UnmadeCluster
from mlinfra.session.connections.cloud import Cloud


class OwnCluster(Cloud):
    """What a cluster that exists offers, found by its kubeconfig."""

    @cached_property
    def connection(self) -> Connection:
        """The cluster itself, by the UID of its namespace kube-system. Raises `ProviderError`."""
        return Connection(KUBERNETES, self._entrance.identity)

    @property
    def region(self) -> str:
        """None: names are derived without one."""
        return ""

    def connect(self, connection: Connection) -> Provider:
        """The provider of this cluster. Raises `PlanError` for every other."""
        if not is_known(connection.identity):
            return self._releases.unmade() if connection.kind == HELM else UnmadeCluster()
        if not is_in_cluster(connection.kind) or connection.identity != self._entrance.identity:
            raise self._other(connection)
        return self._enter(connection, self._entrance)

    def api(self, connection: Connection) -> Api:
        """The API of this cluster. Raises `PlanError` for every other, `ProviderError` where it does not answer."""
        self.connect(Connection(KUBERNETES, connection.identity))
        return self._objects[str(connection.identity)].api

    def facts(self, wants: Wants) -> Facts:
        """Which cluster it is. All else that modules ask for is a cloud's to tell."""
        return Facts(account="", region="", cluster=self._entrance.identity, place=self._way.place)

    def recall(self, facts: Facts) -> None:
        """By which name the stack's cluster was known when it was first reached."""
        self._places[facts.cluster] = facts.place

    def whereabouts(self) -> Mapping[str, str]:
        """The cluster, by its context and its server. Raises `ProviderError` where no kubeconfig leads anywhere."""
        return {"cluster": f"{self._way.place}, by {', '.join(self._way.files)}"}

    @cached_property
    def _places(self) -> dict[str, str]:
        return {}

    @cached_property
    def _way(self) -> kubeconfig.Way:
        files = kubeconfig.files_of(self._target.kubeconfig, os.environ, Path.home())
        return kubeconfig.way_of(kubeconfig.load(files), self._target.context)

    @cached_property
    def _entrance(self) -> ClusterEndpoint:
        endpoint = kubeconfig.endpoint_of(self._way, self._clock, os.environ)
        return msgspec.structs.replace(endpoint, identity=read_identity(endpoint, self._clock))

    def _other(self, connection: Connection) -> PlanError:
        there = self._places.get(str(connection.identity)) or "another cluster"
        return PlanError(
            f"the stack was made in {there}, and this is {self._way.place}: they are different clusters "
            f"(kube-system has UID {connection.identity} there, {self._entrance.identity} here)",
            code=Code.OTHER_CONNECTION,
            hint="use the kubeconfig and context of the cluster that the stack was made in, or another metadata.name",
        )
