"""Clusters: from the identity of a connection to the API of the cluster that it leads into.

The identity is an EKS cluster's ARN and the time of its creation (`core.connections.CLUSTER`). One that was deleted, or
made again under its name, is not there.
"""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from mlinfra.aws.calls import Calls
from mlinfra.aws.clients import Clients
from mlinfra.aws.cluster_token import ClusterToken, cluster_token
from mlinfra.aws.plain import plain
from mlinfra.core import connections
from mlinfra.core.clock import Clock
from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.core.errors import NotFound
from mlinfra.session.connections.road import UNSAID, Road
from mlinfra.session.connections.tunnel import Tunnel, bastion_in

_MARGIN = timedelta(minutes=1)  # before its end in which a token is not begun with any more


class Clusters:
    """The clusters of one account and region, each looked up when it is first entered, by the road that is declared."""

    def __init__(self, calls: Calls, clients: Clients, clock: Clock, road: Road = UNSAID) -> None:
        self._calls, self._clients, self._clock, self._road = calls, clients, clock, road
        self._lock = threading.Lock()
        self._found: dict[str, ClusterEndpoint] = {}

    def endpoint(self, identity: str) -> ClusterEndpoint | None:
        """How it is reached; `None` where it is not there. Raises `ProviderError` where that cannot be seen."""
        with self._lock:
            if identity not in self._found:
                described = self._describe(name_of(identity))
                if described is None or connections.CLUSTER.identity_of(described) != identity:
                    return None
                if not described.get("endpoint"):
                    return None  # it is being made, and nothing can be in it yet
                self._found[identity] = self._endpoint(identity, described)
            return self._found[identity]

    def forget(self, identity: str) -> None:
        """It was deleted: whoever asks again is told so."""
        with self._lock:
            self._found.pop(identity, None)

    def _describe(self, name: str) -> Mapping[str, Any] | None:
        try:
            answer = self._calls.one("eks", "DescribeCluster", {"name": name}, about=name)
        except NotFound:
            return None
        return {key: plain(value) for key, value in answer["cluster"].items()}

    def _endpoint(self, identity: str, described: Mapping[str, Any]) -> ClusterEndpoint:
        name = name_of(identity)
        server = described["endpoint"]
        tunnelled = self._road.reach == "ssm"
        return ClusterEndpoint(
            identity=identity,
            server=self._tunnelled(server, described["resourcesVpcConfig"]["vpcId"]) if tunnelled else server,
            server_name=str(urlsplit(server).hostname) if tunnelled else "",
            proxy=self._road.proxy_of(os.environ),
            authority=base64.b64decode(described["certificateAuthority"]["data"]).decode(),
            token=_Tokens(lambda now: cluster_token(self._clients, name, now), self._clock),
        )

    def _tunnelled(self, server: str, network: str) -> str:
        """The URL of this machine's end of a tunnel to `server`."""
        self._road.require(os.environ)
        bastion = self._road.bastion or bastion_in(self._calls, network)
        tunnel = Tunnel(self._calls, self._clients, self._clock, bastion=bastion, server=server)
        return f"https://127.0.0.1:{tunnel.open()}"


class _Tokens:
    """Bearer tokens, each used for as long as it lives."""

    def __init__(self, make: Callable[[datetime], ClusterToken], clock: Clock) -> None:
        self._make, self._clock = make, clock
        self._lock = threading.Lock()
        self._made: ClusterToken | None = None

    def __call__(self) -> str:
        """A token that is good now."""
        now = self._clock.now()
        with self._lock:
            if self._made is None or now > self._made.expires - _MARGIN:
                self._made = self._make(now)
            return self._made.token


def name_of(identity: str) -> str:
    """The name of the cluster that an identity is about."""
    return identity.partition("@")[0].rpartition("/")[2]
