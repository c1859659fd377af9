"""What every namespace and API gets by itself: the default ServiceAccount, the cluster's root certificate, APIServices.

Called by the runtime with the name of a namespace or APIService.
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.controllers import conditions
from mlinfra.sandbox.kubernetes.controllers.catalog import API_SERVICE, SERVICE
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, all_of, itself
from mlinfra.sandbox.kubernetes.controllers.endpoints import selected
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.controllers.pods import is_deleted, is_ready
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.values import Object, at
from mlinfra.sandbox.kubernetes.watch import Event

ROOT_CERTIFICATE = "kube-root-ca.crt"


class Namespaces:
    """Furnishes namespaces; `certificate` is the cluster's CA in PEM."""

    def __init__(self, certificate: str) -> None:
        self._certificate = certificate

    def controller(self) -> Controller:
        """How the runtime calls it."""
        return Controller(
            name="namespace-furnisher",
            reconcile=self.reconcile,
            triggers={"namespaces": itself, "serviceaccounts": _namespace, "configmaps": _namespace},
        )

    def reconcile(self, cluster: Cluster, key: Key) -> Again | None:
        """Make what is missing in a namespace."""
        namespace = cluster.store.exists("namespaces", key[1])
        if namespace is None or is_deleted(namespace):
            return None
        meta = {"namespace": key[1]}
        if cluster.store.exists("serviceaccounts", "default", key[1]) is None:
            cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {**meta, "name": "default"}})
        if cluster.store.exists("configmaps", ROOT_CERTIFICATE, key[1]) is None:
            data = {"ca.crt": self._certificate}
            cluster.create(
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {**meta, "name": ROOT_CERTIFICATE}, "data": data}
            )
        return None


def _namespace(_: Cluster, event: Event) -> list[Key]:
    concerned = event.type == "DELETED" and event.object["metadata"]["name"] in ("default", ROOT_CERTIFICATE)
    return [("", event.object["metadata"]["namespace"])] if concerned else []


def reconcile_api_service(cluster: Cluster, key: Key) -> Again | None:
    """Say whether an aggregated API can be reached: whether its Service has a ready pod."""
    api = cluster.find(API_SERVICE, key)
    if api is None:
        return None
    news = [_availability(cluster, api)]
    merged = conditions.merged(at(api, ("status", "conditions")), news, cluster.now())
    cluster.set_status(API_SERVICE, api, {"conditions": merged})
    return None


def _availability(cluster: Cluster, api: Object) -> Object:
    reference = at(api, ("spec", "service"))
    if not reference:
        return conditions.condition("Available", True, "Local", "Local APIServices are always available")
    place = f'service/{reference["name"]} in "{reference["namespace"]}"'
    service = cluster.store.find(SERVICE, reference["name"], reference["namespace"])
    if service is None:
        return conditions.condition("Available", False, "ServiceNotFound", f"{place} is not present")
    if not at(service, ("spec", "selector")) or not any(is_ready(pod) for pod in selected(cluster, service)):
        text = f"endpoints for {place} have no addresses"
        return conditions.condition("Available", False, "MissingEndpoints", text)
    return conditions.condition("Available", True, "Passed", "all checks passed")


API_SERVICES = Controller(
    name="available-controller",
    reconcile=reconcile_api_service,
    triggers={
        "apiservices.apiregistration.k8s.io": itself,
        "services": all_of(API_SERVICE),
        "endpoints": all_of(API_SERVICE),
    },
)
