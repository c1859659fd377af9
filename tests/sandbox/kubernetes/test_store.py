"""The object store by itself: versions, deletion, ownership, watches; no rules and no HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from mlinfra.sandbox.kubernetes.builtin_kinds import builtin_kinds
from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.garbage import GarbageCollector
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind, Registry
from mlinfra.sandbox.kubernetes.metadata import DeleteOptions
from mlinfra.sandbox.kubernetes.namespaces import NAMESPACE, NamespaceLifecycle
from mlinfra.sandbox.kubernetes.store import Store, Write
from mlinfra.sandbox.kubernetes.values import Object

POD = GroupVersionKind("", "v1", "Pod")
CONFIG_MAP = GroupVersionKind("", "v1", "ConfigMap")
DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def make_store() -> Store:
    store = Store(Registry(builtin_kinds(lambda _: True)), lambda: NOW)
    GarbageCollector(store)
    NamespaceLifecycle(store, lambda: NOW)
    return store


def config_map(name: str, **meta: object) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default", **meta}}


def owned_by(owner: Object, *, blocking: bool = False) -> list[Object]:
    meta = owner["metadata"]
    block = {"blockOwnerDeletion": True} if blocking else {}
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": meta["name"], "uid": meta["uid"]}
    return [{**reference, **block}]


def names(store: Store, gvk: GroupVersionKind = CONFIG_MAP) -> list[str]:
    return [item["metadata"]["name"] for item in store.list(gvk)]


def refusal(call: Callable[[], object]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value


def test_a_created_object_gets_an_identity_and_a_version() -> None:
    store = make_store()
    meta = store.create(config_map("a"))["metadata"]
    assert meta["creationTimestamp"] == "2026-11-21T09:30:00Z"
    assert meta["resourceVersion"] == str(store.revision)
    assert len(meta["uid"]) == 36
    assert "generation" not in meta


def test_what_is_given_and_what_is_returned_are_not_the_stored_object() -> None:
    store = make_store()
    given = {**config_map("a"), "data": {"k": "1"}}
    store.create(given)["data"]["k"] = "2"
    given["data"]["k"] = "3"
    assert store.get(CONFIG_MAP, "a", "default")["data"] == {"k": "1"}


def test_a_second_creation_is_refused_and_generated_names_differ() -> None:
    store = make_store()
    store.create(config_map("a"))
    error = refusal(lambda: store.create(config_map("a")))
    assert (error.code, error.reason, error.message) == (409, "AlreadyExists", 'configmaps "a" already exists')
    made = {store.create(config_map("", generateName="job-"))["metadata"]["name"] for _ in range(20)}
    assert len(made) == 20
    assert all(name.startswith("job-") and len(name) == 9 for name in made)


def test_an_update_from_an_old_version_conflicts_and_one_without_version_does_not() -> None:
    store = make_store()
    first = store.create(config_map("a"))
    store.update({**first, "data": {"k": "1"}})
    error = refusal(lambda: store.update({**first, "data": {"k": "2"}}))
    assert (error.code, error.reason) == (409, "Conflict")
    assert store.update({**config_map("a"), "data": {"k": "3"}})["data"] == {"k": "3"}


def test_an_update_that_changes_nothing_keeps_the_version_and_makes_no_event() -> None:
    store = make_store()
    made = store.create(config_map("a"))
    with store.watch([CONFIG_MAP]) as changes:
        assert store.update(made)["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
        assert changes.next(timeout=0) is None


def test_spec_and_status_are_written_apart_and_only_spec_counts_as_generation() -> None:
    store = make_store()
    made = store.create(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "spec": {"replicas": 1},
            "status": {"replicas": 9},
            "metadata": {"name": "a", "namespace": "default"},
        }
    )
    assert "status" not in made
    assert made["metadata"]["generation"] == 1
    scaled = store.merge(DEPLOYMENT, "a", "default", {"spec": {"replicas": 2}, "status": {"replicas": 9}})
    assert (scaled["metadata"]["generation"], scaled.get("status")) == (2, None)
    told = store.update_status({**scaled, "spec": {"replicas": 7}, "status": {"replicas": 2}})
    assert (told["spec"], told["status"], told["metadata"]["generation"]) == ({"replicas": 2}, {"replicas": 2}, 2)


def test_a_dry_run_says_what_would_be_and_changes_nothing() -> None:
    store = make_store()
    before = store.revision
    assert store.create(config_map("a"), Write(dry_run=True))["metadata"]["name"] == "a"
    assert (store.revision, names(store)) == (before, [])


def test_lists_are_selected_by_namespace_labels_and_fields() -> None:
    store = make_store()
    store.create(config_map("a", labels={"app": "web", "tier": "1"}))
    store.create(config_map("b", labels={"app": "db"}))
    store.create({**config_map("c", labels={"app": "web"}), "metadata": {"name": "c", "namespace": "kube-system"}})

    def found(**by: object) -> list[str]:
        return [item["metadata"]["name"] for item in store.list(CONFIG_MAP, **by)]  # type: ignore[arg-type]

    assert found() == ["a", "b", "c"]
    assert found(namespace="default", labels="app in (web, db),!tier") == ["b"]
    assert found(labels={"matchExpressions": [{"key": "app", "operator": "Exists"}]}) == ["a", "b"]
    assert found(labels="app!=web") == ["b", "c"]
    assert found(fields="metadata.name=b") == ["b"]
    assert refusal(lambda: store.list(CONFIG_MAP, fields="data.k=1")).code == 400


def test_a_finalizer_holds_an_object_until_it_is_removed() -> None:
    store = make_store()
    store.create(config_map("a", finalizers=["x/y"]))
    marked = store.delete(CONFIG_MAP, "a", "default")
    assert marked["metadata"]["deletionTimestamp"] == "2026-11-21T09:30:00Z"
    error = refusal(lambda: store.merge(CONFIG_MAP, "a", "default", {"metadata": {"finalizers": ["x/y", "z/z"]}}))
    assert (error.code, error.reason) == (422, "Invalid")
    store.merge(CONFIG_MAP, "a", "default", {"metadata": {"finalizers": None}})
    assert refusal(lambda: store.get(CONFIG_MAP, "a", "default")).code == 404


def test_a_deletion_can_demand_a_uid_or_a_version() -> None:
    store = make_store()
    made = store.create(config_map("a"))
    assert refusal(lambda: store.delete(CONFIG_MAP, "a", "default", DeleteOptions(uid="other"))).code == 409
    assert refusal(lambda: store.delete(CONFIG_MAP, "a", "default", DeleteOptions(revision="1"))).code == 409
    store.delete(CONFIG_MAP, "a", "default", DeleteOptions(uid=made["metadata"]["uid"]))
    assert names(store) == []


def test_a_pod_on_a_node_waits_for_its_kubelet_and_another_goes_at_once() -> None:
    store = make_store()
    for name, spec in (("bound", {"nodeName": "n"}), ("free", {})):
        store.create(
            {"apiVersion": "v1", "kind": "Pod", "spec": spec, "metadata": {"name": name, "namespace": "default"}}
        )
        store.delete(POD, name, "default")
    assert names(store, POD) == ["bound"]
    assert store.get(POD, "bound", "default")["metadata"]["deletionGracePeriodSeconds"] == 30
    store.delete(POD, "bound", "default", grace=0)
    assert names(store, POD) == []


def test_dependents_go_with_their_last_owner() -> None:
    store = make_store()
    one, two = store.create(config_map("one")), store.create(config_map("two"))
    store.create(config_map("only", ownerReferences=owned_by(one)))
    store.create(config_map("both", ownerReferences=owned_by(one) + owned_by(two)))
    store.delete(CONFIG_MAP, "one", "default")
    assert names(store) == ["both", "two"]
    assert [ref["name"] for ref in store.get(CONFIG_MAP, "both", "default")["metadata"]["ownerReferences"]] == ["two"]
    store.delete(CONFIG_MAP, "two", "default")
    assert names(store) == []


def test_orphans_stay_and_lose_the_reference() -> None:
    store = make_store()
    store.create(config_map("child", ownerReferences=owned_by(store.create(config_map("owner")))))
    store.delete(CONFIG_MAP, "owner", "default", DeleteOptions(propagation="Orphan"))
    assert names(store) == ["child"]
    assert "ownerReferences" not in store.get(CONFIG_MAP, "child", "default")["metadata"]


def test_a_foreground_deletion_waits_for_the_dependents_that_block_it() -> None:
    store = make_store()
    owner = store.create(config_map("owner"))
    store.create(config_map("child", ownerReferences=owned_by(owner, blocking=True), finalizers=["x/y"]))
    store.delete(CONFIG_MAP, "owner", "default", DeleteOptions(propagation="Foreground"))
    assert store.get(CONFIG_MAP, "owner", "default")["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert "deletionTimestamp" in store.get(CONFIG_MAP, "child", "default")["metadata"]
    store.merge(CONFIG_MAP, "child", "default", {"metadata": {"finalizers": None}})
    assert names(store) == []


def test_a_deleted_namespace_is_emptied_takes_nothing_new_and_goes_last() -> None:
    store = make_store()
    space = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "team"},
        "spec": {"finalizers": ["kubernetes"]},
    }
    store.create(space)
    for name, held in (("a", []), ("b", ["x/y"])):
        made = config_map(name, finalizers=held)
        store.create({**made, "metadata": {**made["metadata"], "namespace": "team"}})
    store.delete(NAMESPACE, "team")
    assert store.get(NAMESPACE, "team")["status"]["phase"] == "Terminating"
    assert names(store) == ["b"]
    late = config_map("late")
    error = refusal(lambda: store.create({**late, "metadata": {"name": "late", "namespace": "team"}}))
    assert (error.code, error.reason) == (403, "Forbidden")
    assert "being terminated" in error.message
    store.merge(CONFIG_MAP, "b", "team", {"metadata": {"finalizers": None}})
    assert store.find(NAMESPACE, "team") is None


def test_a_watch_delivers_changes_in_order_and_replays_from_a_version() -> None:
    store = make_store()
    start = store.revision
    with store.watch([CONFIG_MAP]) as changes:
        made = store.create(config_map("a"))
        store.update({**made, "data": {"k": "1"}})
        store.delete(CONFIG_MAP, "a", "default")
        seen = [changes.next(timeout=0) for _ in range(3)]
    assert [event.type for event in seen if event] == ["ADDED", "MODIFIED", "DELETED"]
    with store.watch([CONFIG_MAP], since=start) as again:
        assert [again.next(timeout=0) for _ in range(3)] == seen
        assert again.revision == store.revision
    assert again.next() is None


def test_a_watch_from_a_forgotten_version_is_answered_expired() -> None:
    store = make_store()
    start = store.revision
    made = store.create(config_map("a"))
    for count in range(2_001):
        made = store.update({**made, "data": {"k": str(count)}})
    error = refusal(lambda: store.watch([CONFIG_MAP], since=start))
    assert (error.code, error.reason) == (410, "Expired")
