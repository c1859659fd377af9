"""Deletion: finalizers, owners, collections, preconditions, namespaces."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.sandbox.kubernetes.values import Object
from tests.sandbox.kubernetes.client import Client, Refused, config_map, eventually

CM = "v1/configmaps"


def child_of(owner: Object, name: str, *, blocking: bool = False, **meta: Any) -> Object:
    found = owner["metadata"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": found["name"], "uid": found["uid"]}
    return config_map(name, ownerReferences=[{**reference, "blockOwnerDeletion": blocking}], **meta)


def test_a_deleted_object_is_gone_and_said_so(api: Client) -> None:
    made = api.create(CM, config_map("a"))
    status = api.delete(CM, "a")
    assert (status["kind"], status["status"]) == ("Status", "Success")
    assert status["details"]["uid"] == made["metadata"]["uid"]
    assert "a" not in api.names(CM)


def test_a_finalizer_holds_an_object_until_it_is_removed(api: Client) -> None:
    api.create(CM, config_map("a", finalizers=["example.com/hold"]))
    assert "deletionTimestamp" in api.delete(CM, "a")["metadata"]
    assert "deletionTimestamp" in api.get(CM, "a")["metadata"]
    api.patch(CM, "a", {"metadata": {"finalizers": None}})
    assert "a" not in api.names(CM)


def test_no_finalizer_is_added_once_deletion_has_begun(api: Client) -> None:
    api.create(CM, config_map("a", finalizers=["example.com/hold"]))
    api.delete(CM, "a")
    with pytest.raises(Refused) as caught:
        api.patch(CM, "a", {"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}})
    assert caught.value.code == 422
    api.patch(CM, "a", {"metadata": {"finalizers": None}})


def test_a_precondition_protects_another_object_of_that_name(api: Client) -> None:
    api.create(CM, config_map("a"))
    path = api.path(CM, "a")
    with pytest.raises(Refused) as caught:
        api.call("DELETE", path, {"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}})
    assert (caught.value.code, caught.value.reason) == (409, "Conflict")
    assert "UID in precondition" in caught.value.message


def test_orphans_lose_their_reference_and_stay(api: Client) -> None:
    owner = api.create(CM, config_map("owner"))
    api.create(CM, child_of(owner, "child"))
    api.delete(CM, "owner", propagationPolicy="Orphan")
    assert eventually(lambda: "ownerReferences" not in api.get(CM, "child")["metadata"])


def test_a_foreground_deletion_waits_for_the_dependents_that_block_it(api: Client) -> None:
    owner = api.create(CM, config_map("owner"))
    api.create(CM, child_of(owner, "child", blocking=True, finalizers=["example.com/hold"]))
    held = api.delete(CM, "owner", propagationPolicy="Foreground")
    assert held["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert eventually(lambda: "deletionTimestamp" in api.get(CM, "child")["metadata"])
    assert "owner" in api.names(CM)
    api.patch(CM, "child", {"metadata": {"finalizers": None}})
    assert eventually(lambda: {"owner", "child"}.isdisjoint(api.names(CM)))


def test_a_collection_is_deleted_by_selector(api: Client) -> None:
    for name, tier in (("a", "1"), ("b", "2"), ("c", "1")):
        api.create(CM, config_map(name, labels={"tier": tier}))
    api.call("DELETE", api.path(CM), labelSelector="tier=1")
    assert api.names(CM, labelSelector="tier") == ["b"]


def remaining(api: Client, namespace: str) -> dict[str, str]:
    """What the conditions of a namespace under deletion say to hold it."""
    found = api.get("v1/namespaces", namespace, namespace=None)["status"].get("conditions") or ()
    return {item["type"]: item["message"] for item in found if item["status"] == "True"}


def test_a_deleted_namespace_says_what_holds_it_and_takes_its_contents_along(api: Client) -> None:
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "mlinfra-test-"}}
    name = api.create("v1/namespaces", space, namespace=None)["metadata"]["name"]
    api.create(CM, config_map("a", finalizers=["example.com/hold"]), namespace=name)
    api.delete("v1/namespaces", name, namespace=None)
    held = {
        "NamespaceContentRemaining": "Some resources are remaining: configmaps. has 1 resource instances",
        "NamespaceFinalizersRemaining": "Some content in the namespace has finalizers remaining: "
        "example.com/hold in 1 resource instances",
    }
    try:
        found = api.get("v1/namespaces", name, namespace=None)
        assert found["status"]["phase"] == "Terminating"
        with pytest.raises(Refused) as caught:
            api.create(CM, config_map("late"), namespace=name)
        assert (caught.value.code, caught.value.reason) == (403, "Forbidden")
        assert eventually(lambda: remaining(api, name) == held), remaining(api, name)
    finally:
        path = api.path(CM, "a", namespace=name)
        api.call("PATCH", path, {"metadata": {"finalizers": None}}, "application/merge-patch+json")
    assert eventually(lambda: api.http.get(f"/api/v1/namespaces/{name}").status_code == 404)
