"""One simulated cluster: its store, its rules, its API and, once started, its endpoint.

Made by the sandbox's AWS half for each EKS cluster, and by tests. Controllers are given `store`.
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.api import Api
from mlinfra.sandbox.kubernetes.authorization import USER_ROLES
from mlinfra.sandbox.kubernetes.builtin_kinds import builtin_kinds
from mlinfra.sandbox.kubernetes.crds import CustomResources
from mlinfra.sandbox.kubernetes.faults import Faults
from mlinfra.sandbox.kubernetes.garbage import GarbageCollector
from mlinfra.sandbox.kubernetes.kinds import Registry
from mlinfra.sandbox.kubernetes.namespaces import NamespaceLifecycle
from mlinfra.sandbox.kubernetes.requests import Authenticator, Request, Response
from mlinfra.sandbox.kubernetes.rules import ApiRules
from mlinfra.sandbox.kubernetes.schema import Schemas, load_definitions
from mlinfra.sandbox.kubernetes.server import HttpServer
from mlinfra.sandbox.kubernetes.store import Store, Write
from mlinfra.sandbox.kubernetes.tls import Authority
from mlinfra.sandbox.kubernetes.values import Clock

_RBAC = "rbac.authorization.k8s.io"
_WRITE = Write(manager="kube-apiserver")


class KubernetesCluster:
    """A Kubernetes API of a version (`1.33`), empty but for its default namespaces, roles and service.

    Without an authenticator everybody may do everything. `clock` dates objects; `faults` is asked before every call.
    """

    def __init__(
        self,
        name: str,
        *,
        version: str,
        clock: Clock,
        authenticator: Authenticator | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.name = name
        self.version = version
        definitions = load_definitions(version)
        schemas = Schemas(definitions)
        registry = Registry(builtin_kinds(lambda gvk: definitions.name_of(gvk) is not None))
        self.store = Store(registry, clock, ApiRules(schemas, clock))
        GarbageCollector(self.store)
        CustomResources(self.store, schemas, clock)
        NamespaceLifecycle(self.store)
        _furnish(self.store)
        self._api = Api(self.store, schemas, version, clock, authenticator, faults)
        self._authority = Authority(f"{name} cluster authority")
        self._server: HttpServer | None = None

    @property
    def ca_pem(self) -> str:
        """The certificate that the endpoint's own is signed with."""
        return self._authority.pem

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
