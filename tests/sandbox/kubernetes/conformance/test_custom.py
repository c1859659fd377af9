"""CustomResourceDefinitions: establishment, schemas, defaults, pruning, columns, subresources, versions, the end."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.sandbox.kubernetes.values import Object
from tests.sandbox.kubernetes.client import Client, Refused, definition, eventually, owned_fields

CRD = "apiextensions.k8s.io/v1/customresourcedefinitions"
PART = {"type": "object", "required": ["name"],
        "properties": {"name": {"type": "string"}, "value": {"type": "string"}}}  # fmt: skip
SPEC: Object = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "minimum": 1},
        "replicas": {"type": "integer", "default": 1},
        "color": {"type": "string", "enum": ["red", "blue"], "default": "red"},
        "name": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 5},
        "port": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        "parts": {"type": "array", "items": PART, "x-kubernetes-list-type": "map",
                  "x-kubernetes-list-map-keys": ["name"]},
        "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "nested": {"type": "object", "properties": {"deep": {"type": "integer", "default": 7}}},
    },
}  # fmt: skip
STATUS: Object = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
SCHEMA: Object = {"type": "object", "properties": {"spec": SPEC, "status": STATUS}}
PARTS = {"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}}
COLUMNS = [
    {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
    {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
]


@pytest.fixture
def widgets(api: Client, group: str) -> str:
    """The resource of an established definition."""
    api.create(CRD, definition(group, SCHEMA, subresources=PARTS, additionalPrinterColumns=COLUMNS), namespace=None)
    return established(api, group)


def established(api: Client, group: str) -> str:
    """Wait until the kind is served."""
    resource = f"{group}/v1/widgets"

    def is_served() -> bool:
        found = api.get(CRD, f"widgets.{group}", namespace=None)
        conditions = {item["type"]: item["status"] for item in found.get("status", {}).get("conditions", [])}
        complete = conditions == {"NamesAccepted": "True", "Established": "True"}
        return complete and api.http.get(api.path(resource)).status_code == 200

    assert eventually(is_served)
    return resource


def widget(resource: str, name: str, /, **spec: Any) -> Object:
    api_version = resource.rpartition("/")[0]
    return {"apiVersion": api_version, "kind": "Widget", "metadata": {"name": name}, "spec": spec}


def test_a_definition_is_established_and_discovered(api: Client, widgets: str) -> None:
    (found,) = [item for item in api.call("GET", f"/apis/{widgets.rpartition('/')[0]}")["resources"]
                if item["name"] == "widgets"]  # fmt: skip
    assert (found["kind"], found["singularName"], found["shortNames"], found["namespaced"]) == (
        "Widget", "widget", ["wd"], True,
    )  # fmt: skip


def test_defaults_are_set_and_unknown_fields_pruned(api: Client, widgets: str) -> None:
    made = api.create(widgets, widget(widgets, "a", size=3, bogus=1, free={"any": {"thing": 1}}, nested={}))
    assert made["spec"] == {
        "size": 3, "replicas": 1, "color": "red", "free": {"any": {"thing": 1}}, "nested": {"deep": 7},
    }  # fmt: skip
    assert made["metadata"]["generation"] == 1


@pytest.mark.parametrize(
    ("spec", "field", "why"),
    [
        ({}, "spec.size", "Required value"),
        ({"size": 0}, "spec.size", "should be greater than or equal to 1"),
        ({"size": "x"}, "spec.size", "must be of type integer"),
        ({"size": 1, "color": "green"}, "spec.color", 'supported values: "red", "blue"'),
        ({"size": 1, "name": "ABC"}, "spec.name", "should match '^[a-z]+$'"),
        ({"size": 1, "parts": [{"value": "x"}]}, "spec.parts[0].name", "Required value"),
        ({"size": 1, "parts": [{"name": "x"}, {"name": "x"}]}, "spec.parts[1]", "Duplicate value"),
        ({"size": 1, "port": True}, "spec.port", "must be of type integer,string"),
    ],
)
def test_what_breaks_the_schema_is_invalid(api: Client, widgets: str, spec: Object, field: str, why: str) -> None:
    with pytest.raises(Refused) as caught:
        api.create(widgets, widget(widgets, "a", **spec))
    assert (caught.value.code, caught.value.reason) == (422, "Invalid")
    assert field in [cause["field"] for cause in caught.value.causes]
    assert why in caught.value.message


def test_unknown_fields_are_refused_when_strict(api: Client, widgets: str) -> None:
    with pytest.raises(Refused) as caught:
        api.create(widgets, widget(widgets, "a", size=1, bogus=1), fieldValidation="Strict")
    assert 'unknown field "spec.bogus"' in caught.value.message


def test_status_and_scale_are_subresources(api: Client, widgets: str) -> None:
    made = api.create(widgets, {**widget(widgets, "a", size=1), "status": {"replicas": 5}})
    assert "status" not in made
    told = api.patch(widgets, "a/status", {"status": {"replicas": 2}, "spec": {"size": 9}})
    assert (told["status"], told["spec"]["size"]) == ({"replicas": 2}, 1)
    assert told["metadata"]["generation"] == 1
    scale = api.patch(widgets, "a/scale", {"spec": {"replicas": 4}})
    assert (scale["spec"]["replicas"], scale["status"]["replicas"]) == (4, 2)
    assert api.get(widgets, "a")["metadata"]["generation"] == 2


def test_applies_merge_by_the_schemas_keys(api: Client, widgets: str) -> None:
    api.apply(widgets, widget(widgets, "a", size=1, parts=[{"name": "x", "value": "1"}], tags=["p"]))
    merged = api.apply(widgets, widget(widgets, "a", parts=[{"name": "y", "value": "2"}], tags=["q"]), "two")
    assert [item["name"] for item in merged["spec"]["parts"]] == ["x", "y"]
    assert sorted(merged["spec"]["tags"]) == ["p", "q"]
    assert owned_fields(merged, "two")["f:spec"]["f:tags"] == {'v:"q"': {}}
    with pytest.raises(Refused) as caught:
        api.apply(widgets, widget(widgets, "a", parts=[{"name": "x", "value": "9"}]), "three")
    assert [cause["field"] for cause in caught.value.causes] == ['.spec.parts[name="x"].value']


def test_a_strategic_patch_is_not_for_custom_kinds(api: Client, widgets: str) -> None:
    api.create(widgets, widget(widgets, "a", size=1))
    with pytest.raises(Refused) as caught:
        api.patch(widgets, "a", {"spec": {"size": 2}}, "strategic")
    assert caught.value.code == 415


def test_printer_columns_are_shown(api: Client, widgets: str) -> None:
    api.create(widgets, widget(widgets, "a", size=3))
    api.patch(widgets, "a/status", {"status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    table = api.http.get(api.path(widgets), headers=accept).json()
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Size", "Ready"]
    assert [row["cells"] for row in table["rows"]] == [["a", 3, "True"]]


def test_the_schema_is_published(api: Client, widgets: str) -> None:
    path = f"/openapi/v3/apis/{widgets.rpartition('/')[0]}"
    assert eventually(lambda: api.http.get(path).status_code == 200)
    answer = api.http.get(path)
    kinds = [item for name, item in answer.json()["components"]["schemas"].items() if name.endswith(".v1.Widget")]
    assert kinds[0]["properties"]["spec"]["properties"]["size"]["minimum"] == 1


def test_an_object_is_the_same_at_another_version(api: Client, group: str) -> None:
    made = definition(group, SCHEMA)
    later = {**made["spec"]["versions"][0], "name": "v2", "storage": False}
    made["spec"]["versions"].append(later)
    api.create(CRD, made, namespace=None)
    resource = established(api, group)
    api.create(resource, widget(resource, "a", size=3))
    found = api.get(f"{group}/v2/widgets", "a")
    assert (found["apiVersion"], found["spec"]["size"]) == (f"{group}/v2", 3)


def test_a_definition_without_structural_schema_is_invalid(api: Client, group: str) -> None:
    broken = definition(group, {"properties": {"spec": {"properties": {"a": {}}}}})
    with pytest.raises(Refused) as caught:
        api.create(CRD, broken, namespace=None)
    assert caught.value.code == 422
    assert "must not be empty for specified object fields" in caught.value.message


def test_a_definition_takes_its_objects_along(api: Client, widgets: str) -> None:
    api.create(widgets, widget(widgets, "a", size=1))
    api.delete(CRD, f"widgets.{widgets.partition('/')[0]}", namespace=None)
    assert eventually(lambda: api.http.get(api.path(widgets)).status_code == 404)
