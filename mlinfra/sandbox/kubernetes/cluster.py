"""One simulated cluster: its store, its rules, its API and, once started, its endpoint.

Made by the sandbox's AWS half for each EKS cluster, and by tests. Controllers are given `store`.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.sandbox.kubernetes.admission import SYSTEM_PRIORITIES, Admission
from mlinfra.sandbox.kubernetes.api import Api
from mlinfra.sandbox.kubernetes.authorization import USER_ROLES
from mlinfra.sandbox.kubernetes.builtin_kinds import builtin_kinds
from mlinfra.sandbox.kubernetes.crds import CustomResources
from mlinfra.sandbox.kubernetes.faults import Attendant, Obstacles, attend, no_obstacle
from mlinfra.sandbox.kubernetes.garbage import GarbageCollector
from mlinfra.sandbox.kubernetes.kinds import Kind, Registry
from mlinfra.sandbox.kubernetes.namespaces import NamespaceLifecycle
from mlinfra.sandbox.kubernetes.requests import Authenticator, Request, Response
from mlinfra.sandbox.kubernetes.rules import ApiRules
from mlinfra.sandbox.kubernetes.schema import Definitions, Schemas, load_definitions
from mlinfra.sandbox.kubernetes.server import HttpServer
from mlinfra.sandbox.kubernetes.store import Store, Write
from mlinfra.sandbox.kubernetes.subresources import Logs, annotated_logs
from mlinfra.sandbox.kubernetes.tls import Authority
from mlinfra.sandbox.kubernetes.values import Clock

_RBAC = "rbac.authorization.k8s.io"
_WRITE = Write(manager="kube-apiserver")


class KubernetesCluster:
    """A Kubernetes API of a version (`1.33`), empty but for its default namespaces, roles, priorities and service.

    Without an authenticator everybody may do everything. `clock` dates objects; `attendant` stands beside every call;
    `obstacles` says which webhooks are down; `logs` gives what the containers of a pod have written.
    """

    def __init__(
        self,
        name: str,
        *,
        version: str,
        clock: Clock,
        authenticator: Authenticator | None = None,
        attendant: Attendant = attend,
        obstacles: Obstacles = no_obstacle,
        logs: Logs = annotated_logs,
    ) -> None:
        self.name = name
        self._version = version
        definitions = load_definitions(version)
        self._schemas = Schemas(definitions)
        registry = Registry(_kinds(definitions))
        admission = Admission(lambda: self.store, obstacles)
        self.store = Store(registry, clock, ApiRules(self._schemas, clock, admission))
        GarbageCollector(self.store)
        CustomResources(self.store, self._schemas, clock)
        NamespaceLifecycle(self.store, clock)
        _furnish(self.store)
        self._api = Api(self.store, self._schemas, lambda: self._version, clock, logs, authenticator, attendant)
        self._authority = Authority(f"{name} cluster authority")
        self._server: HttpServer | None = None

    @property
    def ca_pem(self) -> str:
        """The certificate that the endpoint's own is signed with."""
        return self._authority.pem

    @property
    def version(self) -> str:
        """The version that is served, such as `1.33`."""
        return self._version

    def upgrade(self, version: str) -> None:
        """Serve another version from now on: its schemas and its kinds. The objects stay."""
        definitions = load_definitions(version)
        with self.store.lock:
            kept = {kind.gvk for kind in _kinds(definitions)}
            for kind in self.store.registry:
                if not kind.custom and kind.gvk not in kept:
                    self.store.registry.remove(kind)
            for kind in _kinds(definitions):
                self.store.registry.add(kind)
            self._schemas.upgrade(definitions)
            self._version = version

    def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Serve over HTTPS; gives the URL. Port 0 takes a free one."""
        if self._server is None:
            self._server = HttpServer(self._api.handle, self._authority.server_context(host), host, port)
        return self._server.url

    def handle(self, request: Request) -> Response:
        """Answer a request in this process, without a socket."""
        return self._api.handle(request)

    def stop(self) -> None:
        """Close the endpoint; the objects stay. May be called twice."""
        if self._server is not None:
            self._server.stop()
            self._server = None


def _kinds(definitions: Definitions) -> Iterator[Kind]:
    return builtin_kinds(lambda gvk: definitions.name_of(gvk) is not None)


def _furnish(store: Store) -> None:
    """Make what every cluster has from its first moment."""
    for name, rules in USER_ROLES.items():
        role = {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules}
        store.create(role, _WRITE)
    store.create(
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "cluster-admin"},
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"apiGroup": _RBAC, "kind": "Group", "name": "system:masters"}],
        },
        _WRITE,
    )
    for name, value in SYSTEM_PRIORITIES.items():
        head = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}}
        store.create({**head, "value": value}, _WRITE)
    store.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"component": "apiserver"}},
            "spec": {
                "clusterIP": "10.100.0.1",
                "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 443}],
            },
        },
        _WRITE,
    )
