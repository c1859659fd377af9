"""The endpoint: TLS with an authority of its own, connections, streams, and bodies that make no sense."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlinfra.sandbox.kubernetes.cluster import KubernetesCluster
from mlinfra.sandbox.kubernetes.requests import Request
from mlinfra.sandbox.kubernetes.values import Object
from tests.sandbox.kubernetes.client import NOW, VERSION, Client, Refused, config_map, connect, definition, deployment

CM = "v1/configmaps"


def make_cluster(name: str = "served") -> KubernetesCluster:
    return KubernetesCluster(name, version=VERSION, clock=lambda: NOW)


@pytest.fixture
def cluster() -> Iterator[KubernetesCluster]:
    made = make_cluster()
    yield made
    made.stop()


@pytest.fixture
def api(cluster: KubernetesCluster) -> Iterator[Client]:
    with connect(cluster) as http:
        yield Client(http)


def test_the_endpoint_is_trusted_through_the_clusters_own_authority_alone(cluster: KubernetesCluster) -> None:
    url = cluster.start()
    with connect(cluster) as http:
        assert http.get("/readyz").text == "ok"
    stranger = ssl.create_default_context(cadata=make_cluster("another").ca_pem)
    with httpx.Client(base_url=url, verify=stranger) as http, pytest.raises(httpx.ConnectError):
        http.get("/readyz")


def test_a_second_start_gives_the_same_url_and_a_stop_closes_it(cluster: KubernetesCluster) -> None:
    url = cluster.start()
    assert cluster.start() == url
    with connect(cluster) as http:
        Client(http).create(CM, config_map("a"))
        cluster.stop()
        with pytest.raises(httpx.TransportError):
            http.get("/readyz")
    cluster.stop()
    with connect(cluster) as http:
        assert Client(http).names(CM) == ["a"]


def test_stopping_ends_the_streams(cluster: KubernetesCluster) -> None:
    with connect(cluster) as http:
        api = Client(http)
        api.create(CM, config_map("a"))
        with http.stream("GET", api.path(CM), params={"watch": "true"}, timeout=20) as stream:
            lines = stream.iter_lines()
            assert json.loads(next(lines))["type"] == "ADDED"
            cluster.stop()
            with pytest.raises((httpx.TransportError, StopIteration)):
                next(lines)


def test_two_clusters_share_nothing(cluster: KubernetesCluster) -> None:
    other = make_cluster("other")
    with connect(cluster) as one, connect(other) as two:
        Client(one).create(CM, config_map("a"))
        assert Client(two).names(CM) == []
        uids = {
            Client(http).get("v1/namespaces", "kube-system", namespace=None)["metadata"]["uid"] for http in (one, two)
        }
    other.stop()
    assert len(uids) == 2


def test_a_body_beyond_the_limit_is_refused(api: Client) -> None:
    answer = api.http.post(api.path(CM), content=b"x" * (3 * 1024 * 1024 + 1))
    assert answer.status_code == 413


def test_a_watch_from_a_forgotten_version_is_told_that_it_is_gone(cluster: KubernetesCluster, api: Client) -> None:
    start = cluster.store.revision
    made = cluster.store.create(config_map("a", namespace="default"))
    for count in range(2_001):
        made = cluster.store.update({**made, "data": {"k": str(count)}})
    (event,) = api.watch(CM, resourceVersion=str(start))
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


def test_a_quiet_watch_ends_with_a_bookmark_of_the_present(cluster: KubernetesCluster, api: Client) -> None:
    start = str(cluster.store.revision)
    api.create("v1/secrets", {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "other"}})
    event = list(api.watch(CM, resourceVersion=start, allowWatchBookmarks="true"))[-1]
    meta = {"resourceVersion": str(cluster.store.revision)}
    assert event == {"type": "BOOKMARK", "object": {"kind": "ConfigMap", "apiVersion": "v1", "metadata": meta}}


def test_a_list_is_streamed_where_the_version_does_so() -> None:
    cluster = KubernetesCluster("later", version="1.34", clock=lambda: NOW)
    with connect(cluster) as http:
        later = Client(http)
        later.create(CM, config_map("a"))
        query = {"sendInitialEvents": "true", "allowWatchBookmarks": "true", "resourceVersionMatch": "NotOlderThan"}
        events = list(later.watch(CM, labelSelector="!system", fieldSelector="metadata.name=a", **query))
        assert [event["type"] for event in events[:2]] == ["ADDED", "BOOKMARK"]
        assert events[1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
        with pytest.raises(Refused, match="requires setting resourceVersionMatch"):
            later.get(CM, watch="true", sendInitialEvents="true")
    cluster.stop()


def test_the_namespaces_of_the_system_stay(api: Client) -> None:
    with pytest.raises(Refused) as caught:
        api.delete("v1/namespaces", "kube-system", namespace=None)
    assert (caught.value.code, caught.value.reason) == (403, "Forbidden")


def test_an_object_bound_twice_is_a_conflict_and_an_eviction_heeds_budgets(api: Client) -> None:
    pod = {"containers": [{"name": "a", "image": "a"}]}
    labels = {"app": "web"}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": labels}, "spec": pod}
    api.create("v1/pods", body)
    binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"}, "target": {"name": "n1"}}
    path = api.path("v1/pods", "p/binding")
    assert api.call("POST", path, binding)["status"] == "Success"
    assert api.get("v1/pods", "p")["spec"]["nodeName"] == "n1"
    with pytest.raises(Refused) as caught:
        api.call("POST", path, binding)
    assert caught.value.code == 409
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"},
              "spec": {"minAvailable": 1, "selector": {"matchLabels": labels}}}  # fmt: skip
    api.create("policy/v1/poddisruptionbudgets", budget)
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
    evict = ("POST", api.path("v1/pods", "p/eviction"), eviction)
    assert api.call(*evict, dryRun="All")["status"] == "Success"  # budgets are for pods that run
    api.patch("v1/pods", "p/status", {"status": {"phase": "Running"}})
    with pytest.raises(Refused) as caught:
        api.call(*evict)
    assert (caught.value.code, caught.value.reason) == (429, "TooManyRequests")
    api.delete("policy/v1/poddisruptionbudgets", "b")
    api.call(*evict)
    assert "deletionTimestamp" in api.get("v1/pods", "p")["metadata"]


def test_service_addresses_are_given_out_once(api: Client) -> None:
    spec = {"type": "LoadBalancer", "ports": [{"name": "a", "port": 80}, {"name": "b", "port": 81}]}
    made = [
        api.create("v1/services", {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})
        for name in ("one", "two")
    ]
    assert made[0]["spec"]["clusterIP"] != made[1]["spec"]["clusterIP"]
    ports = [port["nodePort"] for item in made for port in item["spec"]["ports"]]
    assert len(set(ports)) == 4
    kept = api.patch("v1/services", "one", {"metadata": {"labels": {"a": "b"}}})
    assert kept["spec"] == made[0]["spec"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab/.$", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "name", "labels", "$patch", "data", "ports", "op", "path"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
PARTS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("metadata", "spec", "status", "data", "apiVersion", "kind"), JSON)
)
PLACES = [
    ("POST", "/api/v1/namespaces/default/configmaps", "application/json"),
    ("POST", "/api/v1/namespaces", "application/json"),
    ("POST", "/apis/apps/v1/namespaces/default/deployments", "application/json"),
    ("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "application/json"),
    ("POST", "/apis/example.com/v1/namespaces/default/widgets", "application/json"),
    ("PUT", "/apis/apps/v1/namespaces/default/deployments/web", "application/json"),
    ("PATCH", "/apis/apps/v1/namespaces/default/deployments/web", "application/merge-patch+json"),
    ("PATCH", "/apis/apps/v1/namespaces/default/deployments/web", "application/strategic-merge-patch+json"),
    ("PATCH", "/apis/apps/v1/namespaces/default/deployments/web", "application/json-patch+json"),
    ("PATCH", "/apis/apps/v1/namespaces/default/deployments/web", "application/apply-patch+yaml"),
    ("PATCH", "/apis/apps/v1/namespaces/default/deployments/web/scale", "application/merge-patch+json"),
    ("DELETE", "/apis/apps/v1/namespaces/default/deployments/absent", "application/json"),
]


@pytest.fixture(scope="module")
def furnished() -> KubernetesCluster:
    cluster = make_cluster()
    cluster.store.create({**deployment("web"), "metadata": {"name": "web", "namespace": "default"}})
    schema = {"type": "object", "properties": {"spec": {"type": "object"}}}
    cluster.store.create(definition("example.com", schema))
    return cluster


@settings(max_examples=300)
@given(st.sampled_from(PLACES), PARTS | JSON | st.lists(PARTS, max_size=2))
def test_any_body_gets_an_answer(furnished: KubernetesCluster, place: tuple[str, str, str], body: Any) -> None:
    method, path, kind = place
    query = {"fieldManager": "fuzz", "dryRun": "All"}
    request = Request(method, path, query, {"content-type": kind}, json.dumps(body).encode())
    answer = furnished.handle(request)
    assert answer.status in (200, 201, 400, 404, 409, 415, 422, 500)
    if answer.status == 500:
        assert "failed to create typed patch object" in json.loads(answer.body)["message"]


def test_an_item_without_its_key_leaves_the_owners_as_they_were(api: Client) -> None:
    made = api.create("apps/v1/deployments", deployment("web"), fieldManager="one")
    pod: Object = {"imagePullSecrets": [{}]}
    changed = api.patch("apps/v1/deployments", "web", {"spec": {"template": {"spec": pod}}}, fieldManager="two")
    assert changed["spec"]["template"]["spec"]["imagePullSecrets"] == [{}]
    assert changed["metadata"]["managedFields"] == made["metadata"]["managedFields"]
