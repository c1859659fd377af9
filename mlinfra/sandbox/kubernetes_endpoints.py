"""The emulated Kubernetes API behind each simulated EKS cluster, with its controllers acting on the account.

Given to `aws.sandbox.Sandbox` as its endpoints, by the background process and by tests that need more than a cluster's
outside. The one place where the two halves of the sandbox meet: who may enter comes from EKS, faults from the rules of
the account.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.cluster_cloud import ClusterCloud
from mlinfra.sandbox.aws.eks.store import Cluster, Clusters
from mlinfra.sandbox.aws.endpoints import ClusterDescription, ClusterNode
from mlinfra.sandbox.faults import FaultKind, FaultRule, Occasion, When
from mlinfra.sandbox.kubernetes.authentication import AccessEntry, EksAuthenticator
from mlinfra.sandbox.kubernetes.cluster import KubernetesCluster
from mlinfra.sandbox.kubernetes.controllers.control_plane import ControlPlane
from mlinfra.sandbox.kubernetes.controllers.options import Options, Timings
from mlinfra.sandbox.kubernetes.faults import Call, Effect, Fault
from mlinfra.sandbox.kubernetes.requests import Grant

_READING = ("get", "list", "watch")
_QUICK = Timings(node_boot=2, load_balancer=1)


@dataclass
class _Served:
    """What runs for one cluster."""

    api: KubernetesCluster
    plane: ControlPlane
    cloud: ClusterCloud


class KubernetesEndpoints:
    """An emulated API for each cluster of an account. Implements `aws.endpoints.ClusterEndpoints`."""

    def __init__(self, account: Account, timings: Timings = _QUICK) -> None:
        self._account = account
        self._timings = timings
        self._served: dict[str, _Served] = {}

    def create(self, cluster: ClusterDescription) -> tuple[str, str]:
        """Serve a new cluster and start its controllers."""
        api = KubernetesCluster(
            cluster.name,
            version=cluster.version,
            clock=self._account.now,
            authenticator=self._authenticator(cluster),
            faults=faults_of(self._account),
        )
        cloud = ClusterCloud(self._account, cluster.name, cluster.region)
        options = Options(timings=self._timings, certificate=api.ca_pem)
        plane = ControlPlane(cluster.name, api.store, self._account.now, cloud, options)
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

    def version_changed(self, arn: str, version: str) -> None:
        """The emulated API keeps the version that it was made with: it has no other schemas at hand."""

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


def faults_of(account: Account) -> Callable[[Call], Fault | None]:
    """The account's fault rules as the emulated API understands them.

    To rules, such a call is one of the service `kubernetes`; its operation is `create:deployments.apps`.
    """

    def decide(call: Call) -> Fault | None:
        if not account.faults.rules():
            return None
        detail = {"namespace": call.namespace, "name": call.name, "path": call.path, "subresource": call.subresource}
        occasion = Occasion("kubernetes", f"{call.verb}:{call.resource}", call.verb not in _READING, detail)
        for rule in account.faults(occasion):
            if (fault := _fault(rule, account)) is not None:
                return fault
        return None

    return decide


def _fault(rule: FaultRule, account: Account) -> Fault | None:
    match rule.kind, rule.when:
        case FaultKind.THROTTLE, _:
            return Fault.status(429, rule.message or "too many requests, please try again later", "TooManyRequests")
        case FaultKind.DENIED, _:
            return Fault.status(403, rule.message or "access denied", "Forbidden")
        case FaultKind.QUOTA, _:
            return Fault.status(403, rule.message or "exceeded quota", "Forbidden")
        case FaultKind.ERROR, _:
            return Fault.status(rule.status or 500, rule.message or "internal error", "InternalError")
        case FaultKind.RESET, When.BEFORE:
            return Fault(Effect.UNREACHABLE)
        case FaultKind.RESET, When.AFTER:
            return Fault(Effect.LOST_RESPONSE)
        case FaultKind.TIMEOUT, When.AFTER:
            return Fault(Effect.TIMEOUT_AFTER_SUCCESS)
        case FaultKind.TIMEOUT, When.BEFORE:
            return Fault.status(504, "request did not complete within the requested timeout", "Timeout")
        case FaultKind.LATENCY, _:
            account.clock.sleep(rule.seconds)
        case FaultKind.KILL, _ if rule.pid:
            os.kill(rule.pid, signal.SIGKILL)
            return Fault(Effect.UNREACHABLE if rule.when is When.BEFORE else Effect.LOST_RESPONSE)
    return None
