"""Server-side apply: ownership, conflicts, force, and what happens to fields that are applied no longer."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.sandbox.kubernetes.values import Object
from tests.sandbox.kubernetes.client import Client, Refused, config_map, deployment, owned_fields

CM = "v1/configmaps"
DEPLOY = "apps/v1/deployments"
SERVICE = "v1/services"


def container(obj: Object) -> Object:
    found: Object = obj["spec"]["template"]["spec"]["containers"][0]
    return found


def typed(obj: Object) -> Object:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": obj["metadata"]["name"]}}


def test_an_apply_creates_and_owns_what_it_says_and_nothing_else(api: Client) -> None:
    made = api.apply(DEPLOY, deployment("web", ports=[{"containerPort": 80}]))
    (entry,) = made["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"], entry["apiVersion"]) == ("one", "Apply", "apps/v1")
    main: Object = {".": {}, "f:image": {}, "f:name": {}}
    port: Object = {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}}
    assert entry["fieldsV1"] == {
        "f:spec": {
            "f:replicas": {},
            "f:selector": {},
            "f:template": {
                "f:metadata": {"f:labels": {"f:app": {}}},
                "f:spec": {"f:containers": {'k:{"name":"main"}': {**main, "f:ports": port}}},
            },
        }
    }
    assert container(made)["ports"] == [{"containerPort": 80, "protocol": "TCP"}]


def test_the_same_apply_again_changes_nothing(api: Client) -> None:
    made = api.apply(CM, config_map("a", {"k": "1"}))
    again = api.apply(CM, config_map("a", {"k": "1"}))
    assert again["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_another_value_for_an_owned_field_is_a_conflict_that_names_owner_and_field(api: Client) -> None:
    api.apply(DEPLOY, deployment("web", replicas=2))
    with pytest.raises(Refused) as caught:
        api.apply(DEPLOY, deployment("web", replicas=3), "two")
    assert (caught.value.code, caught.value.reason) == (409, "Conflict")
    assert caught.value.message == 'Apply failed with 1 conflict: conflict with "one": .spec.replicas'
    assert caught.value.causes == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".spec.replicas"}
    ]
    assert api.get(DEPLOY, "web")["spec"]["replicas"] == 2


def test_several_conflicts_are_all_told(api: Client) -> None:
    api.apply(DEPLOY, deployment("web", replicas=2))
    with pytest.raises(Refused) as caught:
        api.apply(DEPLOY, deployment("web", replicas=3, image="example.com/app:9"), "two")
    assert [cause["field"] for cause in caught.value.causes] == [
        ".spec.replicas",
        '.spec.template.spec.containers[name="main"].image',
    ]
    assert caught.value.message.startswith('Apply failed with 2 conflicts: conflicts with "one":\n- .spec.replicas')


def test_force_takes_the_field_from_its_owner(api: Client) -> None:
    api.apply(DEPLOY, deployment("web", replicas=2))
    taken = api.apply(DEPLOY, deployment("web", replicas=3), "two", force="true")
    assert taken["spec"]["replicas"] == 3
    assert "f:replicas" not in owned_fields(taken, "one")["f:spec"]
    assert "f:replicas" in owned_fields(taken, "two")["f:spec"]


def test_equal_values_are_owned_together_and_stay_until_the_last_lets_go(api: Client) -> None:
    api.apply(DEPLOY, deployment("web", replicas=4))
    both = api.apply(DEPLOY, deployment("web", replicas=4), "two")
    assert all("f:replicas" in owned_fields(both, who)["f:spec"] for who in ("one", "two"))
    api.apply(DEPLOY, deployment("web", replicas=None))
    assert api.get(DEPLOY, "web")["spec"]["replicas"] == 4
    api.apply(DEPLOY, deployment("web", replicas=None), "two")
    assert api.get(DEPLOY, "web")["spec"]["replicas"] == 1


def test_a_field_applied_no_longer_is_removed(api: Client) -> None:
    api.apply(CM, config_map("a", {"keep": "1", "drop": "2"}, labels={"a": "b"}))
    left = api.apply(CM, config_map("a", {"keep": "1"}))
    assert left["data"] == {"keep": "1"}
    assert not left["metadata"].get("labels")


def test_a_field_that_another_changed_is_not_removed(api: Client) -> None:
    api.apply(CM, config_map("a", {"keep": "1", "shared": "2"}))
    api.patch(CM, "a", {"data": {"shared": "3"}}, fieldManager="editor")
    assert api.apply(CM, config_map("a", {"keep": "1"}))["data"] == {"keep": "1", "shared": "3"}


def test_list_items_merge_by_key_and_keep_the_others(api: Client) -> None:
    api.apply(DEPLOY, deployment("web", env=[{"name": "A", "value": "1"}]))
    other = typed(deployment("web"))
    sidecar = {"name": "sidecar", "image": "example.com/side:1"}
    variable = {"name": "main", "env": [{"name": "B", "value": "2"}]}
    other["spec"] = {"template": {"spec": {"containers": [variable, sidecar]}}}
    merged = api.apply(DEPLOY, other, "two")
    assert [item["name"] for item in merged["spec"]["template"]["spec"]["containers"]] == ["main", "sidecar"]
    assert [item["name"] for item in container(merged)["env"]] == ["A", "B"]
    other["spec"] = {"template": {"spec": {"containers": [{"name": "main"}]}}}
    left = api.apply(DEPLOY, other, "two")
    assert [item["name"] for item in left["spec"]["template"]["spec"]["containers"]] == ["main"]
    assert [item["name"] for item in container(left)["env"]] == ["A"]


def test_ports_are_keyed_by_number_and_protocol(api: Client) -> None:
    ports: list[Any] = [{"name": "tcp", "port": 53}, {"name": "udp", "port": 53, "protocol": "UDP"}]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"}, "spec": {"ports": ports}}
    made = api.apply(SERVICE, service)
    assert sorted(owned_fields(made, "one")["f:spec"]["f:ports"]) == [
        'k:{"port":53,"protocol":"TCP"}',
        'k:{"port":53,"protocol":"UDP"}',
    ]
    service["spec"] = {"ports": [ports[1]]}
    left = api.apply(SERVICE, service)
    assert [(item["port"], item["protocol"]) for item in left["spec"]["ports"]] == [(53, "UDP")]


def test_an_atomic_list_belongs_to_one_manager(api: Client) -> None:
    api.apply(DEPLOY, deployment("web", args=["a", "b"]))
    other = typed(deployment("web"))
    other["spec"] = {"template": {"spec": {"containers": [{"name": "main", "args": ["c"]}]}}}
    with pytest.raises(Refused) as caught:
        api.apply(DEPLOY, other, "two")
    assert [cause["field"] for cause in caught.value.causes] == ['.spec.template.spec.containers[name="main"].args']
    assert container(api.apply(DEPLOY, other, "two", force="true"))["args"] == ["c"]


def test_an_update_takes_the_fields_it_changes(api: Client) -> None:
    api.apply(DEPLOY, deployment("web", replicas=2))
    changed = api.patch(DEPLOY, "web", {"spec": {"replicas": 5}}, fieldManager="editor")
    assert owned_fields(changed, "editor") == {"f:spec": {"f:replicas": {}}}
    assert "f:replicas" not in owned_fields(changed, "one")["f:spec"]
    with pytest.raises(Refused) as caught:
        api.apply(DEPLOY, deployment("web", replicas=2))
    assert 'conflict with "editor" using apps/v1' in caught.value.message


def test_the_scale_subresource_is_an_owner_of_its_own(api: Client) -> None:
    api.apply(DEPLOY, deployment("web", replicas=2))
    api.patch(DEPLOY, "web/scale", {"spec": {"replicas": 3}}, fieldManager="scaler")
    found = [e for e in api.get(DEPLOY, "web")["metadata"]["managedFields"] if e["manager"] == "scaler"]
    assert [(e["subresource"], e["fieldsV1"]) for e in found] == [("scale", {"f:spec": {"f:replicas": {}}})]


def test_managed_fields_survive_an_update_that_leaves_them_out(api: Client) -> None:
    made = api.apply(CM, config_map("a", {"k": "1"}))
    bare = {**made, "metadata": {k: v for k, v in made["metadata"].items() if k != "managedFields"}}
    assert owned_fields(api.update(CM, bare), "one") == {"f:data": {"f:k": {}}}


def test_managed_fields_can_be_reset(api: Client) -> None:
    api.apply(CM, config_map("a", {"k": "1"}))
    reset = api.patch(CM, "a", [{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}], "json")
    assert not reset["metadata"].get("managedFields")


def test_what_was_there_before_the_first_apply_has_an_owner(api: Client) -> None:
    api.create(CM, config_map("a", {"k": "1"}))
    api.patch(CM, "a", [{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}], "json")
    with pytest.raises(Refused) as caught:
        api.apply(CM, config_map("a", {"k": "2"}))
    assert 'conflict with "before-first-apply" using v1' in caught.value.message


def test_an_apply_demands_a_manager_and_takes_yaml(api: Client) -> None:
    path = api.path(CM, "a")
    yaml = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: '1'\n"
    with pytest.raises(Refused) as caught:
        api.call("PATCH", path, yaml, "application/apply-patch+yaml")
    assert caught.value.code == 422
    assert "fieldManager" in caught.value.message
    made = api.call("PATCH", path, yaml, "application/apply-patch+yaml", fieldManager="one")
    assert made["data"] == {"k": "1"}


def test_unknown_fields_and_repeated_keys_cannot_be_applied(api: Client) -> None:
    with pytest.raises(Refused) as caught:
        api.apply(CM, {**config_map("a"), "bogus": 1})
    named = f"{api.namespace}/a; /v1, Kind=ConfigMap"
    assert (
        caught.value.message == f"failed to create typed patch object ({named}): .bogus: field not declared in schema"
    )
    twice = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    with pytest.raises(Refused) as caught:
        api.apply(DEPLOY, deployment("web", env=twice))
    assert 'duplicate entries for key [name="A"]' in caught.value.message


def test_an_apply_with_managed_fields_is_refused(api: Client) -> None:
    made = api.apply(CM, config_map("a", {"k": "1"}))
    with pytest.raises(Refused) as caught:
        api.apply(CM, made)
    assert caught.value.code == 400
    assert "metadata.managedFields must be nil" in caught.value.message


def test_a_dry_run_of_an_apply_finds_conflicts_and_changes_nothing(api: Client) -> None:
    api.apply(CM, config_map("a", {"k": "1"}))
    with pytest.raises(Refused):
        api.apply(CM, config_map("a", {"k": "2"}), "two", dryRun="All")
    assert api.apply(CM, config_map("a", {"k": "3"}), dryRun="All")["data"] == {"k": "3"}
    assert api.get(CM, "a")["data"] == {"k": "1"}


def test_status_is_applied_through_its_subresource(api: Client) -> None:
    api.apply(DEPLOY, deployment("web", replicas=0))
    told = {**typed(deployment("web")), "status": {"collisionCount": 7}}
    path = api.path(DEPLOY, "web/status")
    done = api.call("PATCH", path, told, "application/apply-patch+yaml", fieldManager="teller")
    assert done["status"]["collisionCount"] == 7
    assert owned_fields(done, "teller") == {"f:status": {"f:collisionCount": {}}}
