"""What clients ask before they work: versions, discovery, OpenAPI, health, and what they may do."""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.values import Object
from tests.sandbox.kubernetes.client import Client


def test_the_server_says_its_version_and_health(api: Client) -> None:
    version = api.call("GET", "/version")
    assert version["gitVersion"].startswith(f"v{version['major']}.{version['minor'].rstrip('+')}")
    assert [api.http.get(path).text for path in ("/healthz", "/readyz", "/livez")] == ["ok", "ok", "ok"]


def test_groups_and_resources_are_discovered(api: Client) -> None:
    assert api.call("GET", "/api")["versions"] == ["v1"]
    groups = {item["name"]: item["preferredVersion"]["version"] for item in api.call("GET", "/apis")["groups"]}
    assert {"apps": "v1", "batch": "v1", "autoscaling": "v2"}.items() <= groups.items()
    resources = {item["name"]: item for item in api.call("GET", "/apis/apps/v1")["resources"]}
    assert resources["deployments"]["shortNames"] == ["deploy"]
    assert set(resources["deployments"]["verbs"]) >= {"create", "delete", "deletecollection", "get", "list", "watch"}
    scale = resources["deployments/scale"]
    assert (scale["group"], scale["version"], scale["kind"]) == ("autoscaling", "v1", "Scale")


def test_discovery_can_be_had_in_one_piece(api: Client) -> None:
    kind = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    answer = api.http.get("/apis", headers={"Accept": kind})
    assert answer.headers["Content-Type"].replace(" ", "") == kind
    (apps,) = [item for item in answer.json()["items"] if item["metadata"]["name"] == "apps"]
    resources = {item["resource"]: item for item in apps["versions"][0]["resources"]}
    assert resources["deployments"]["responseKind"]["kind"] == "Deployment"
    assert {item["subresource"] for item in resources["deployments"]["subresources"]} == {"scale", "status"}


def test_schemas_and_parameters_are_published_by_group(api: Client) -> None:
    index = api.call("GET", "/openapi/v3")["paths"]
    document = api.http.get(index["apis/apps/v1"]["serverRelativeURL"]).json()
    schemas = document["components"]["schemas"]
    deployment = schemas["io.k8s.api.apps.v1.Deployment"]
    assert deployment["x-kubernetes-group-version-kind"] == [{"group": "apps", "kind": "Deployment", "version": "v1"}]
    keys = schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]["x-kubernetes-list-map-keys"]
    assert keys == ["name"]
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    names = {item["name"] for item in patch["parameters"]}
    assert {"dryRun", "fieldManager", "fieldValidation", "force"} <= names


def test_what_is_not_served_is_not_found(api: Client) -> None:
    for path in ("/apis/no.such.group/v1", "/apis/apps/v1/nosuchthings", "/nowhere"):
        assert api.http.get(path).status_code == 404


def test_the_four_namespaces_are_there(api: Client) -> None:
    found = {item["metadata"]["name"]: item for item in api.get("v1/namespaces", namespace=None)["items"]}
    assert {"default", "kube-system", "kube-public", "kube-node-lease"} <= found.keys()
    system = found["kube-system"]
    assert (system["status"]["phase"], system["spec"]["finalizers"]) == ("Active", ["kubernetes"])
    assert system["metadata"]["labels"]["kubernetes.io/metadata.name"] == "kube-system"


def test_one_can_ask_what_one_may_do(api: Client) -> None:
    asked: Object = {"resourceAttributes": {"verb": "create", "group": "apps", "resource": "deployments"}}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": asked}
    done = api.create("authorization.k8s.io/v1/selfsubjectaccessreviews", review, namespace=None)
    assert done["status"]["allowed"] is True
    other = {**review, "kind": "SubjectAccessReview", "spec": {**asked, "user": "mlinfra-nobody"}}
    done = api.create("authorization.k8s.io/v1/subjectaccessreviews", other, namespace=None)
    assert done["status"]["allowed"] is False
