"""The emulated Kubernetes API behind each simulated EKS cluster, with its controllers acting on the account.

Given to `aws.sandbox.Sandbox` as its endpoints, by the background process and by tests that need more than a cluster's
outside. The one place where the two halves of the sandbox meet: who may enter comes from EKS, faults from the rules of
the account.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.cluster_cloud import ClusterCloud
from mlinfra.sandbox.aws.eks.store import Cluster, Clusters
from mlinfra.sandbox.aws.endpoints import ClusterDescription, ClusterNode
from mlinfra.sandbox.kubernetes.authentication import AccessEntry, EksAuthenticator
from mlinfra.sandbox.kubernetes.cluster import KubernetesCluster
from mlinfra.sandbox.kubernetes.controllers.control_plane import ControlPlane
from mlinfra.sandbox.kubernetes.controllers.options import Options, Timings
from mlinfra.sandbox.kubernetes.requests import Grant
from mlinfra.sandbox.kubernetes.subresources import Logs, annotated_logs
from mlinfra.sandbox.kubernetes_faults import attendant, obstacles

_QUICK = Timings(node_boot=2, load_balancer=1)


@dataclass
class _Served:
    """What runs for one cluster."""

    api: KubernetesCluster
    plane: ControlPlane
    cloud: ClusterCloud


class KubernetesEndpoints:
    """An emulated API for each cluster of an account. Implements `aws.endpoints.ClusterEndpoints`.

    `timings`: how long things take inside clusters; `logs` gives what the containers of pods have written.
    """

    def __init__(self, account: Account, timings: Timings = _QUICK, logs: Logs = annotated_logs) -> None:
        self._account = account
        self._logs = logs
        self._timings = timings
        self._served: dict[str, _Served] = {}

    def create(self, cluster: ClusterDescription) -> tuple[str, str]:
        """Serve a new cluster and start its controllers."""
        hindrances = obstacles(self._account, cluster.name)
        api = KubernetesCluster(
            cluster.name,
            version=cluster.version,
            clock=self._account.now,
            authenticator=self._authenticator(cluster),
            attendant=attendant(self._account, cluster.name),
            obstacles=hindrances,
            logs=self._logs,
        )
        cloud = ClusterCloud(self._account, cluster.name, cluster.region)
        options = Options(timings=self._timings, certificate=api.ca_pem)
        plane = ControlPlane(cluster.name, api.store, self._account.now, cloud, options, hindrances)
        self._served[cluster.arn] = _Served(api, plane, cloud)
        plane.runtime.start()
        return api.start(), api.ca_pem

    def delete(self, arn: str) -> None:
        """Stop serving a cluster. Its controllers may be waiting for the account, which the caller holds: they end by
        themselves a moment later."""
        served = self._served.pop(arn, None)
        if served is not None:
            threading.Thread(target=_end, args=(served,), daemon=True).start()

    def nodes_changed(self, arn: str, nodes: Sequence[ClusterNode]) -> None:
        """Have the controllers look at the account, where they find the machines themselves."""
        if arn in self._served:
            self._served[arn].cloud.tell()

    def machines_changed(self) -> None:
        """Have the controllers of all clusters look at the account."""
        for served in list(self._served.values()):
            served.cloud.tell()

    def version_changed(self, arn: str, version: str) -> None:
        """Serve the API of another version; nodes follow as their groups are upgraded."""
        if arn in self._served:
            self._served[arn].api.upgrade(version)
            self._served[arn].cloud.tell()

    def stop(self) -> None:
        """Stop serving all clusters. Not to be called while holding the account."""
        served = list(self._served.values())
        self._served.clear()
        for one in served:
            _end(one)

    def _authenticator(self, cluster: ClusterDescription) -> EksAuthenticator:
        return EksAuthenticator(
            cluster.name,
            self._account.now,
            lookup=self._account.principal,
            entry=lambda arn: self._entry(cluster, arn),
            secret=self._account.secret,
        )

    def _entry(self, cluster: ClusterDescription, arn: str) -> AccessEntry | None:
        """The access entry of a principal; the creator's own where the cluster knows none."""
        with self._account.lock:
            found = self._account.store(Clusters, cluster.region).by_name.get(cluster.name)
            if found is None:
                return None
            return _entry_of(found, arn)


def _entry_of(cluster: Cluster, arn: str) -> AccessEntry | None:
    entry = cluster.access_entries.get(arn)
    if entry is None:
        # https://docs.aws.amazon.com/eks/latest/userguide/auth-configmap.html: whoever made it is an administrator.
        by_map = cluster.body["accessConfig"]["authenticationMode"] == "CONFIG_MAP"
        return AccessEntry(arn, groups=("system:masters",)) if by_map and cluster.creator == arn else None
    grants = tuple(
        Grant(policy.rpartition("/")[2], tuple(about["accessScope"].get("namespaces") or ()))
        for policy, about in entry.policies.items()
    )
    username = entry.body["username"] if entry.body["username"] != arn else ""
    return AccessEntry(arn, username, tuple(entry.body["kubernetesGroups"]), grants)


def _end(served: _Served) -> None:
    served.plane.runtime.stop()
    served.api.stop()
