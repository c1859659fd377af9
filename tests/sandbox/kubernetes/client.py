"""A small HTTP client of the Kubernetes API for tests, and where it finds a cluster."""

from __future__ import annotations

import json
import os
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from mlinfra.core.clock import SystemClock
from mlinfra.providers.kubernetes.kubeconfig import endpoint_of, load, way_of
from mlinfra.sandbox.kubernetes.cluster import KubernetesCluster
from mlinfra.sandbox.kubernetes.values import Object

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
VERSION = "1.33"
REAL = "MLINFRA_TEST_KUBECONFIG"
PATIENCE = 120.0 if REAL in os.environ else 20.0
PATCHES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}


class Refused(AssertionError):
    """An answer that is not a success."""

    def __init__(self, status: Object) -> None:
        super().__init__(json.dumps(status, indent=1))
        self.code: int = status.get("code", 0)
        self.reason: str = status.get("reason", "")
        self.message: str = status.get("message", "")
        self.causes: list[Object] = status.get("details", {}).get("causes", [])


class Client:
    """Calls one API in one namespace of its own. Failures raise `Refused`."""

    def __init__(self, http: httpx.Client, namespace: str = "default") -> None:
        self.http = http
        self.namespace = namespace

    def path(self, resource: str, name: str = "", namespace: str | None = "") -> str:
        """Make a URL from `apps/v1/deployments` or `v1/configmaps`; `namespace` None for cluster-wide resources."""
        api, _, plural = resource.rpartition("/")
        base = f"/apis/{api}" if "/" in api else f"/api/{api}"
        scope = f"/namespaces/{namespace or self.namespace}" if namespace is not None else ""
        return f"{base}{scope}/{plural}" + (f"/{name}" if name else "")

    def call(self, method: str, path: str, body: Any = None, content: str = "application/json", **query: Any) -> Object:
        """Send a request; gives the decoded answer."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Content-Type": content, "User-Agent": "tester/1.0"}
        answer = self.http.request(method, path, content=data, headers=headers, params=query)
        found: Object = answer.json()
        if answer.status_code >= 400:
            raise Refused(found)
        return found

    def create(self, resource: str, obj: Object, namespace: str | None = "", **query: Any) -> Object:
        return self.call("POST", self.path(resource, namespace=namespace), obj, **query)

    def get(self, resource: str, name: str = "", namespace: str | None = "", **query: Any) -> Object:
        return self.call("GET", self.path(resource, name, namespace), **query)

    def names(self, resource: str, **query: Any) -> list[str]:
        return [item["metadata"]["name"] for item in self.get(resource, **query)["items"]]

    def update(self, resource: str, obj: Object, **query: Any) -> Object:
        return self.call("PUT", self.path(resource, obj["metadata"]["name"]), obj, **query)

    def patch(self, resource: str, name: str, patch: Any, form: str = "merge", **query: Any) -> Object:
        return self.call("PATCH", self.path(resource, name), patch, PATCHES[form], **query)

    def apply(self, resource: str, obj: Object, manager: str = "one", **query: Any) -> Object:
        path = self.path(resource, obj["metadata"]["name"])
        return self.call("PATCH", path, obj, PATCHES["apply"], fieldManager=manager, **query)

    def delete(self, resource: str, name: str, namespace: str | None = "", **query: Any) -> Object:
        return self.call("DELETE", self.path(resource, name, namespace), **query)

    def watch(self, resource: str, **query: Any) -> Iterator[Object]:
        """Give the events of a watch until it ends."""
        query = {"watch": "true", "timeoutSeconds": 1, **query}
        with self.http.stream("GET", self.path(resource), params=query, timeout=30) as answer:
            for line in answer.iter_lines():
                yield json.loads(line)


def eventually(check: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Ask again for some seconds: controllers take their time, those of a real cluster more of it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if check():
            return True
        time.sleep(0.05)
    return check()


def connect(cluster: KubernetesCluster, token: str = "") -> httpx.Client:
    """Make a client of a started emulator."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    context = ssl.create_default_context(cadata=cluster.ca_pem)
    return httpx.Client(base_url=cluster.start(), verify=context, headers=headers)


def connect_real() -> httpx.Client:
    """Make a client of the cluster that MLINFRA_TEST_KUBECONFIG names, in whatever way its user proves itself."""
    config = load([Path(os.environ[REAL])])
    endpoint = endpoint_of(way_of(config, ""), SystemClock(), os.environ)
    context = ssl.create_default_context(cadata=endpoint.authority or None)
    if endpoint.certificate:
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as pair:
            pair.write(endpoint.certificate + "\n" + endpoint.key)
            pair.flush()
            context.load_cert_chain(pair.name)

    def prove(request: httpx.Request) -> httpx.Request:
        if endpoint.token is not None:  # asked each time: tokens of EKS last for a quarter of an hour
            request.headers["Authorization"] = f"Bearer {endpoint.token()}"
        return request

    return httpx.Client(base_url=endpoint.server, verify=context, auth=prove, timeout=30)


def config_map(name: str, data: Object | None = None, **meta: Any) -> Object:
    """A ConfigMap."""
    obj: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **meta}}
    return obj if data is None else {**obj, "data": data}


def deployment(name: str, replicas: int | None = 2, **container: Any) -> Object:
    """A Deployment of one container `main`."""
    count = {} if replicas is None else {"replicas": replicas}
    labels = {"app": name}
    pod = {"containers": [{"name": "main", "image": "example.com/app:1", **container}]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {**count, "selector": {"matchLabels": labels}, "template": template},
    }


def definition(group: str, schema: Object, **version: Any) -> Object:
    """A CustomResourceDefinition of the kind Widget."""
    served = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}, **version}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]},
            "versions": [served],
        },
    }


def owned_fields(obj: Object, manager: str) -> Object:
    """The fieldsV1 of a manager's entry in managedFields."""
    found: list[Object] = [e["fieldsV1"] for e in obj["metadata"]["managedFields"] if e["manager"] == manager]
    assert len(found) == 1, f"{manager} has {len(found)} entries"
    return found[0]
