"""The identity of a cluster: what tells it from every other, whatever its address.

The UID of the namespace kube-system, which is made with the cluster and never made again
(github.com/open-telemetry/semantic-conventions, `k8s.cluster.uid`; read November 2026).
"""

from __future__ import annotations

from mlinfra.core.clock import Clock
from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.core.errors import AccessDenied
from mlinfra.providers.kubernetes.answers import object_of
from mlinfra.providers.kubernetes.api import uid_of
from mlinfra.providers.kubernetes.client import Client
from mlinfra.providers.kubernetes.token import Kind

_PATH = "/api/v1/namespaces/kube-system"
_DOING = "asking the cluster which one it is"


def read_identity(endpoint: ClusterEndpoint, clock: Clock) -> str:
    """Ask the cluster. Raises `ProviderError` where it does not answer, `AccessDenied` where it will not say."""
    client = Client(endpoint, clock)
    try:
        return uid_of(client.get(_PATH, _DOING, object_of(Kind("", "v1", "Namespace"), "kube-system")))
    except AccessDenied as error:
        hint = error.hint or "allow the caller to get the namespace kube-system: its UID tells one cluster from another"
        raise AccessDenied(str(error), code=error.code, hint=hint) from error
    finally:
        client.close()
