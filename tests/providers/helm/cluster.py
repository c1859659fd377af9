"""A cluster for tests: the emulator with nodes and controllers, and the port through which releases are read."""

from __future__ import annotations

import ssl
import urllib.parse
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.core.errors import ProviderError
from mlinfra.providers.helm.cluster import Object
from mlinfra.sandbox.kubernetes.cluster import KubernetesCluster
from mlinfra.sandbox.kubernetes.controllers.cloud import NodeGroup
from mlinfra.sandbox.kubernetes.controllers.control_plane import ControlPlane
from mlinfra.sandbox.kubernetes.controllers.memory_cloud import MemoryCloud, shape
from mlinfra.sandbox.kubernetes.controllers.options import Options, Timings
from mlinfra.sandbox.kubernetes.faults import Attendant, attend

VERSION = "1.33"
_SWIFT = Timings(node_boot=0.02, image_pull=0.02, readiness=0.02, termination=0.02, run=0.02)
_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"


def _now() -> datetime:
    return datetime.now(UTC)


class Live:
    """The port `Cluster`, over HTTP."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self._places: dict[tuple[str, str], tuple[str, bool]] = {}

    def version(self) -> str:
        return ".".join(self._ask("GET", "/version")["gitVersion"].lstrip("v").split(".")[:2])

    def apis(self) -> frozenset[str]:
        self._discover()
        return frozenset(name for api, kind in self._places for name in (api, f"{api}/{kind}"))

    def list(self, api_version: str, kind: str, *, labels: str = "", namespace: str = "") -> Iterable[Object]:
        place = self._place(api_version, kind)
        if place is None:
            return []
        query = f"?labelSelector={urllib.parse.quote(labels)}" if labels else ""
        items = self._ask("GET", self._path(api_version, place, namespace) + query)["items"]
        return [{"apiVersion": api_version, "kind": kind, **item} for item in items]

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Object | None:
        place = self._place(api_version, kind)
        if place is None:
            return None
        answer = self.http.get(f"{self._path(api_version, place, namespace)}/{name}")
        return None if answer.status_code == 404 else self._body(answer)

    def apply(self, object: Object) -> Object:
        path = self._one(object["apiVersion"], object["kind"], object["metadata"].get("namespace", ""), object)
        return self._ask("PATCH", f"{path}?fieldManager=mlinfra&force=true", object, _APPLY)

    def merge(self, api_version: str, kind: str, namespace: str, name: str, patch: Mapping[str, Any]) -> Object:
        return self._ask("PATCH", self._one(api_version, kind, namespace, {"metadata": {"name": name}}), patch, _MERGE)

    def delete(self, api_version: str, kind: str, namespace: str, name: str) -> None:
        self.http.delete(self._one(api_version, kind, namespace, {"metadata": {"name": name}}))

    def _one(self, api_version: str, kind: str, namespace: str, item: Object) -> str:
        place = self._place(api_version, kind)
        assert place is not None
        return f"{self._path(api_version, place, namespace)}/{item['metadata']['name']}"

    def _path(self, api_version: str, place: tuple[str, bool], namespace: str) -> str:
        plural, namespaced = place
        base = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        return f"{base}/namespaces/{namespace}/{plural}" if namespaced and namespace else f"{base}/{plural}"

    def _place(self, api_version: str, kind: str) -> tuple[str, bool] | None:
        if (api_version, kind) not in self._places:
            self._discover()
        return self._places.get((api_version, kind))

    def _discover(self) -> None:
        groups = [
            version["groupVersion"] for group in self._ask("GET", "/apis")["groups"] for version in group["versions"]
        ]
        for api in ("v1", *groups):
            listed = self._ask("GET", f"/apis/{api}" if "/" in api else f"/api/{api}")
            for found in listed["resources"]:
                if "/" not in found["name"]:
                    self._places[(api, found["kind"])] = (found["name"], found["namespaced"])

    def _ask(self, method: str, path: str, body: Any = None, content: str = "application/json") -> Object:
        return self._body(self.http.request(method, path, json=body, headers={"Content-Type": content}))

    @staticmethod
    def _body(answer: httpx.Response) -> Object:
        found: Object = answer.json()
        if answer.status_code >= 400:
            raise ProviderError(found.get("message", ""))
        return found


class Emulated:
    """A running emulator with two nodes."""

    def __init__(self, name: str = "helm", attendant: Attendant = attend) -> None:
        self.cluster = KubernetesCluster(name, version=VERSION, clock=_now, attendant=attendant)
        cloud = MemoryCloud(_now)
        machines = [shape("m6i.4xlarge", "eu-west-1a", {"cpu": "16", "memory": "64Gi"}, group="system")]
        cloud.add_group(NodeGroup(name="system", minimum=2, maximum=2, desired=2, shapes=machines))
        self._plane = ControlPlane(name, self.cluster.store, _now, cloud, Options(timings=_SWIFT))
        self._plane.runtime.start()
        self.endpoint = ClusterEndpoint(
            identity=name, server=self.cluster.start(), authority=self.cluster.ca_pem, token=lambda: "anything"
        )
        context = ssl.create_default_context(cadata=self.cluster.ca_pem)
        self.live = Live(httpx.Client(base_url=self.endpoint.server, verify=context))

    def close(self) -> None:
        self.live.http.close()
        self._plane.runtime.stop()
        self.cluster.stop()
