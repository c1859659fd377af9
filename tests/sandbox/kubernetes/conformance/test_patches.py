"""Patches: JSON patch, merge patch, strategic merge patch."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.kubernetes.client import Client, Refused, config_map, deployment

CM = "v1/configmaps"
DEPLOY = "apps/v1/deployments"


def test_a_merge_patch_merges_maps_removes_nulls_and_replaces_lists(api: Client) -> None:
    api.create(DEPLOY, deployment("web", env=[{"name": "A", "value": "1"}]))
    api.patch(DEPLOY, "web", {"metadata": {"labels": {"a": "1", "b": "2"}}})
    done = api.patch(DEPLOY, "web", {"metadata": {"labels": {"a": None}}})
    assert done["metadata"]["labels"] == {"b": "2"}
    pod = {"containers": [{"name": "other", "image": "example.com/other:1"}]}
    replaced = api.patch(DEPLOY, "web", {"spec": {"template": {"spec": pod}}})
    assert [item["name"] for item in replaced["spec"]["template"]["spec"]["containers"]] == ["other"]


def test_a_strategic_patch_finds_list_items_by_their_key(api: Client) -> None:
    api.create(DEPLOY, deployment("web", env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]))
    env = [{"name": "A", "$patch": "delete"}, {"name": "C", "value": "3"}]
    pod = {"containers": [{"name": "main", "image": "example.com/app:2", "env": env}]}
    done = api.patch(DEPLOY, "web", {"spec": {"template": {"spec": pod}}}, "strategic")
    container = done["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "example.com/app:2"
    assert {item["name"]: item["value"] for item in container["env"]} == {"B": "2", "C": "3"}


def test_a_strategic_patch_can_replace_and_reorder(api: Client) -> None:
    api.create(DEPLOY, deployment("web", env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]))
    ordered = {"name": "main", "$setElementOrder/env": [{"name": "B"}, {"name": "A"}]}
    pod = {"containers": [ordered]}
    done = api.patch(DEPLOY, "web", {"spec": {"template": {"spec": pod}}}, "strategic")
    names = [item["name"] for item in done["spec"]["template"]["spec"]["containers"][0]["env"]]
    assert names == ["B", "A"]
    strategy = {"$patch": "replace", "type": "Recreate"}
    done = api.patch(DEPLOY, "web", {"spec": {"strategy": strategy}}, "strategic")
    assert done["spec"]["strategy"] == {"type": "Recreate"}


def test_primitives_are_deleted_from_a_merged_list(api: Client) -> None:
    api.create(CM, config_map("a", finalizers=["example.com/a", "example.com/b"]))
    change = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/a"]}}
    assert api.patch(CM, "a", change, "strategic")["metadata"]["finalizers"] == ["example.com/b"]
    api.patch(CM, "a", {"metadata": {"finalizers": None}})


def test_a_json_patch_does_all_its_operations_or_none(api: Client) -> None:
    api.create(CM, config_map("a", {"k": "1", "old": "x"}))
    operations: list[dict[str, Any]] = [
        {"op": "test", "path": "/data/k", "value": "1"},
        {"op": "replace", "path": "/data/k", "value": "2"},
        {"op": "move", "from": "/data/old", "path": "/data/new"},
        {"op": "add", "path": "/metadata/labels", "value": {"a~b": "c"}},
        {"op": "copy", "from": "/data/k", "path": "/data/copy"},
    ]
    with pytest.raises(Refused):
        api.patch(CM, "a", operations, "json")
    operations[3]["value"] = {"a": "c"}
    assert api.patch(CM, "a", operations, "json")["data"] == {"k": "2", "new": "x", "copy": "2"}
    with pytest.raises(Refused) as caught:
        api.patch(CM, "a", [{"op": "remove", "path": "/data/absent"}], "json")
    assert caught.value.code == 422
    assert api.get(CM, "a")["data"]["k"] == "2"


def test_a_patch_of_an_unknown_type_is_refused(api: Client) -> None:
    api.create(CM, config_map("a"))
    with pytest.raises(Refused) as caught:
        api.call("PATCH", api.path(CM, "a"), {}, "text/plain")
    assert (caught.value.code, caught.value.reason) == (415, "UnsupportedMediaType")


def test_a_patch_with_an_old_version_is_a_conflict(api: Client) -> None:
    made = api.create(CM, config_map("a"))
    api.patch(CM, "a", {"data": {"k": "1"}})
    stale = {"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]}, "data": {"k": "2"}}
    with pytest.raises(Refused) as caught:
        api.patch(CM, "a", stale)
    assert (caught.value.code, caught.value.reason) == (409, "Conflict")
