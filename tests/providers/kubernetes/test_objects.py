"""Objects of a cluster come, change and go, and are never anybody else's."""

from __future__ import annotations

import msgspec
import pytest

from mlinfra.core.address import Address
from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.core.errors import AccessDenied, Ambiguous, Conflict, InvalidRequest, NotFound
from mlinfra.core.observed import Absent, Present, Unreadable
from mlinfra.core.plan import Cause
from mlinfra.core.property import Replace
from mlinfra.core.provider import Interest
from mlinfra.core.value import Secret
from mlinfra.providers.kubernetes.codes import Code
from mlinfra.providers.kubernetes.provider import KubernetesProvider
from mlinfra.sandbox.kubernetes.faults import Effect, Fault
from tests.providers.kubernetes.cluster import (
    CONFIG_MAP,
    DEPLOYMENT,
    NAMESPACE,
    OURS,
    SECRET,
    Cluster,
    Operation,
    config_map,
    deployment,
)
from tests.sandbox.kubernetes.client import config_map as others_config_map

_LOST = Fault(Effect.LOST_RESPONSE)


def test_one_that_was_made_is_listed_as_ours_and_differs_in_nothing(cluster: Cluster) -> None:
    desired = config_map("made", colour="red")
    made = cluster.make(CONFIG_MAP, desired)
    assert made.id == "default/made"
    assert made == cluster.seen(CONFIG_MAP, made.id)
    assert made.owner == cluster.target(CONFIG_MAP, desired).owner
    assert not cluster.difference(CONFIG_MAP, desired, desired, made.id).fields


def test_its_id_is_durable_before_it_is_waited_for(cluster: Cluster) -> None:
    operation = Operation()
    cluster.provider.create(cluster.target(CONFIG_MAP, config_map("noted")), operation)
    assert operation.ids == ["default/noted"]


def test_what_others_changed_is_drift_and_is_taken_back(cluster: Cluster) -> None:
    desired = config_map("drifting", colour="red")
    made = cluster.make(CONFIG_MAP, desired)
    cluster.kubectl.patch("v1/configmaps", "drifting", {"data": {"colour": "blue", "theirs": "x"}})
    found = cluster.difference(CONFIG_MAP, desired, desired, made.id)
    assert [(field.path, field.cause) for field in found.fields] == [(("data", "colour"), Cause.DRIFT)]
    mended = cluster.bring(CONFIG_MAP, desired, desired, made.id)
    assert mended.properties["data"] == {"colour": "red", "theirs": "x"}


def test_what_is_taken_out_of_the_stack_goes(cluster: Cluster) -> None:
    both, one = config_map("shrinking", a="1", b="2"), config_map("shrinking", a="1")
    made = cluster.make(CONFIG_MAP, both)
    assert cluster.bring(CONFIG_MAP, one, both, made.id).properties["data"] == {"a": "1"}


def test_a_field_of_somebody_elses_that_nobody_reviewed_is_a_conflict_that_names_both(cluster: Cluster) -> None:
    desired = config_map("contested", a="1")
    made = cluster.make(CONFIG_MAP, desired)
    cluster.kubectl.apply("v1/configmaps", others_config_map("contested", {"b": "theirs"}), manager="flux")
    target = cluster.target(CONFIG_MAP, config_map("contested", a="1", b="ours"), id=made.id)
    with pytest.raises(Conflict, match=r"data\.b is managed by flux") as refused:
        cluster.provider.update(target, made, frozenset({("data", "a")}), Operation())
    assert refused.value.code == Code.MANAGED


def test_a_key_with_dots_that_was_reviewed_is_taken_back(cluster: Cluster) -> None:
    desired = config_map("dotted") | {"metadata": {"name": "dotted", "labels": {"app.kubernetes.io/part-of": "ml"}}}
    made = cluster.make(CONFIG_MAP, desired)
    theirs = {"metadata": {"labels": {"app.kubernetes.io/part-of": "other"}}}
    cluster.kubectl.patch("v1/configmaps", "dotted", theirs)
    mended = cluster.bring(CONFIG_MAP, desired, desired, made.id)
    assert mended.properties["metadata"]["labels"]["app.kubernetes.io/part-of"] == "ml"


def test_an_autoscaler_is_not_fought_over_replicas(cluster: Cluster) -> None:
    desired = deployment("scaled", replicas=1)
    made = cluster.make(DEPLOYMENT, desired)
    path = cluster.kubectl.path("apps/v1/deployments", "scaled") + "/scale"
    scale = {"spec": {"replicas": 2}}
    cluster.kubectl.call("PATCH", path, scale, "application/merge-patch+json", fieldManager="keda")
    with pytest.raises(Conflict, match=r"spec\.replicas is managed by keda"):
        cluster.bring(DEPLOYMENT, desired, desired, made.id)


def test_one_that_exists_already_is_not_taken_over(cluster: Cluster) -> None:
    cluster.kubectl.create("v1/configmaps", others_config_map("theirs", {"a": "1"}), fieldManager="helm")
    with pytest.raises(Conflict, match=r"exists already.*managed by helm") as refused:
        cluster.make(CONFIG_MAP, config_map("theirs", a="1"))
    assert refused.value.code == Code.NOT_OURS
    listed = cluster.seen(CONFIG_MAP, "default/theirs")
    assert listed.owner is None


def test_one_that_somebody_makes_between_our_look_and_our_call_is_left_as_it_was(cluster: Cluster) -> None:
    theirs = others_config_map("raced", {"a": "theirs"})
    cluster.faults.before(
        "patch:configmaps", lambda: cluster.kubectl.create("v1/configmaps", theirs, fieldManager="helm")
    )
    with pytest.raises(Conflict, match="exists already"):
        cluster.make(CONFIG_MAP, config_map("raced", b="ours"))
    left = cluster.kubectl.get("v1/configmaps", "raced")
    assert left["data"] == {"a": "theirs"}
    assert "labels" not in left["metadata"]


def test_marks_that_were_copied_to_another_object_do_not_make_it_ours(cluster: Cluster) -> None:
    cluster.make(CONFIG_MAP, config_map("original"))
    live = cluster.kubectl.get("v1/configmaps", "original")["metadata"]
    copy = others_config_map("copy", {}, labels=live["labels"], annotations=live["annotations"])
    cluster.kubectl.create("v1/configmaps", copy)
    assert cluster.seen(CONFIG_MAP, "default/copy").owner is None


def test_one_with_a_lost_label_is_nobodys_until_it_is_marked_again(cluster: Cluster) -> None:
    desired = config_map("unmarked")
    made = cluster.make(CONFIG_MAP, desired)
    cluster.kubectl.patch("v1/configmaps", "unmarked", {"metadata": {"labels": {"mlinfra.io/lineage": None}}})
    assert cluster.seen(CONFIG_MAP, made.id).owner is None
    assert cluster.bring(CONFIG_MAP, desired, desired, made.id).owner == made.owner


def test_renaming_its_address_leaves_all_else_as_it_is(cluster: Cluster) -> None:
    desired = config_map("renamed", a="1") | {"metadata": {"name": "renamed", "labels": {"team": "ml"}}}
    made = cluster.make(CONFIG_MAP, desired, "resources.old")
    target = cluster.target(CONFIG_MAP, desired, "resources.new", id=made.id)
    tagged = cluster.provider.tag(target, Operation())
    assert tagged.owner is not None
    assert tagged.owner.address == Address("resources.new")
    assert (tagged.properties["data"], tagged.properties["metadata"]["labels"]["team"]) == ({"a": "1"}, "ml")
    assert not cluster.difference(CONFIG_MAP, desired, desired, made.id).fields
    less = {**desired, "data": {}}
    assert not cluster.bring(CONFIG_MAP, less, desired, made.id).properties.get("data")  # it is still ours to remove


def test_adopting_takes_nothing_from_others(cluster: Cluster) -> None:
    cluster.kubectl.create("v1/configmaps", others_config_map("adopted", {"a": "1", "b": "2"}), fieldManager="helm")
    desired = config_map("adopted", a="1")
    adopted = cluster.provider.tag(cluster.target(CONFIG_MAP, desired, id="default/adopted"), Operation())
    assert adopted.owner is not None
    assert cluster.bring(CONFIG_MAP, desired, None, "default/adopted").properties["data"] == {"a": "1", "b": "2"}


def test_a_lost_answer_to_a_creation_is_ambiguous_and_the_object_is_found(cluster: Cluster) -> None:
    target = cluster.target(CONFIG_MAP, config_map("lost"))
    cluster.faults.plan("patch:configmaps", _LOST)
    with pytest.raises(Ambiguous):
        cluster.provider.create(target, Operation())
    found = cluster.provider.find(target)
    assert isinstance(found, Present)
    assert found.owner == target.owner


def test_a_creation_taken_up_again_finds_its_own_object(cluster: Cluster) -> None:
    target = cluster.target(CONFIG_MAP, config_map("again", a="1"))
    first, second = cluster.provider.create(target, Operation()), cluster.provider.create(target, Operation())
    assert first.properties["metadata"]["uid"] == second.properties["metadata"]["uid"]


def test_a_question_is_asked_again_when_the_api_stumbles(cluster: Cluster) -> None:
    made = cluster.make(CONFIG_MAP, config_map("patient"))
    for fault in (_LOST, Fault.status(503, "later"), Fault.status(429, "later"), Fault.status(500, "oops")):
        cluster.faults.plan("list:configmaps", fault)
    assert cluster.seen(CONFIG_MAP, made.id) == made


def test_what_may_not_be_read_is_no_complete_listing(cluster: Cluster) -> None:
    made = cluster.make(CONFIG_MAP, config_map("guarded"))
    cluster.faults.plan("list:configmaps", Fault.status(403, "configmaps is forbidden"))
    listing = cluster.list(CONFIG_MAP, made.id)
    assert "forbidden" in listing.incomplete
    assert [present.id for present in listing.objects] == [made.id]  # it was asked for by its name


def test_what_one_object_could_not_be_read_for_is_said_of_no_other(cluster: Cluster) -> None:
    cluster.faults.plan("get:configmaps", Fault.status(403, "configmaps is forbidden"))
    listing = cluster.list(CONFIG_MAP, "default/denied", "default/gone")
    assert listing.missing("default/denied") == Unreadable(listing.incomplete)
    assert "forbidden" in listing.incomplete
    assert listing.missing("default/gone") == Absent()


def test_a_kind_that_is_not_installed_has_no_objects(cluster: Cluster) -> None:
    token = "kubernetes:nowhere.example.com/v1:Thing"
    assert (cluster.list(token, "default/it").objects, cluster.list(token).incomplete) == ((), "")
    assert cluster.provider.find(cluster.target(token, {"metadata": {"name": "it"}}, id="default/it")) == Absent()
    with pytest.raises(NotFound, match=r"the cluster has no Thing of nowhere\.example\.com/v1"):
        cluster.make(token, {"metadata": {"name": "it"}})


def test_an_api_that_cannot_be_reached_is_unreadable(cluster: Cluster) -> None:

    nowhere = ClusterEndpoint(identity="x", server="https://127.0.0.1:9", authority=cluster.endpoint.authority)
    provider = KubernetesProvider(nowhere, cluster.clock, cluster.secret)
    found = provider.find(cluster.target(CONFIG_MAP, config_map("it")))
    assert isinstance(found, Unreadable)
    assert "cannot be reached" in found.reason

    assert "cannot be reached" in provider.list({CONFIG_MAP: Interest()}, OURS)[CONFIG_MAP].incomplete


def test_a_cluster_that_is_silent_is_still_asked_for_every_kind_there_is(cluster: Cluster) -> None:
    nowhere = ClusterEndpoint(identity="x", server="https://127.0.0.1:9", authority=cluster.endpoint.authority)
    silent = KubernetesProvider(nowhere, cluster.clock, cluster.secret)
    listed = silent.list({token: Interest() for token in silent.types()}, OURS)
    assert DEPLOYMENT in listed
    assert all("cannot be reached" in listing.incomplete for listing in listed.values())
    assert len(list(cluster.provider.types())) > 40


def test_a_server_that_is_another_one_is_not_talked_to(cluster: Cluster) -> None:

    stranger = msgspec.structs.replace(cluster.endpoint, server_name="other.example.com")
    found = KubernetesProvider(stranger, cluster.clock, cluster.secret).find(
        cluster.target(CONFIG_MAP, config_map("it"))
    )
    assert isinstance(found, Unreadable)
    assert "certificate" in found.reason


def test_what_the_api_refuses_is_said_with_the_field(cluster: Cluster) -> None:
    wrong = deployment("wrong")
    wrong["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    with pytest.raises(InvalidRequest, match="selector"):
        cluster.make(DEPLOYMENT, wrong)


def test_an_unknown_field_is_refused_and_not_dropped(cluster: Cluster) -> None:
    with pytest.raises(InvalidRequest, match="imagePullPolcy"):
        cluster.make(DEPLOYMENT, deployment("typo", imagePullPolcy="Always"))


def test_a_namespace_that_is_missing_is_said(cluster: Cluster) -> None:
    with pytest.raises(NotFound, match='namespaces "nowhere" not found') as refused:
        cluster.make(CONFIG_MAP, {"metadata": {"name": "a", "namespace": "nowhere"}})
    assert "declare the namespace nowhere" in refused.value.hint


def test_one_that_was_made_anew_by_others_is_neither_changed_nor_deleted(cluster: Cluster) -> None:
    desired = config_map("anew", a="1")
    made = cluster.make(CONFIG_MAP, desired)
    cluster.kubectl.delete("v1/configmaps", "anew")
    cluster.kubectl.create("v1/configmaps", others_config_map("anew", {"a": "theirs"}))
    with pytest.raises(Conflict):
        cluster.provider.update(cluster.target(CONFIG_MAP, desired, id=made.id), made, frozenset(), Operation())
    cluster.remove(CONFIG_MAP, made)
    assert cluster.kubectl.get("v1/configmaps", "anew")["data"] == {"a": "theirs"}


def test_a_selector_cannot_be_changed_and_replaces(cluster: Cluster) -> None:
    desired = deployment("selecting")
    made = cluster.make(DEPLOYMENT, desired)
    changed = deployment("selecting")
    changed["spec"]["selector"]["matchLabels"] = changed["spec"]["template"]["metadata"]["labels"] = {"app": "new"}
    assert cluster.difference(DEPLOYMENT, changed, desired, made.id).order is Replace.DELETE_FIRST


def test_secrets_become_values_at_the_call_and_are_never_seen_again(cluster: Cluster) -> None:
    cluster.secrets["token"] = "tr0ub4dor"
    reference = Secret("sm", "token")
    desired = {"metadata": {"name": "credentials", "namespace": "default"}, "stringData": {"token": reference}}
    made = cluster.make(SECRET, desired)
    assert cluster.kubectl.get("v1/secrets", "credentials")["data"] == {"token": "dHIwdWI0ZG9y"}
    assert "tr0ub4dor" not in repr(made)
    assert "dHIwdWI0ZG9y" not in repr(made)
    assert not cluster.difference(SECRET, desired, desired, made.id).fields


def test_a_secret_that_others_wrote_over_is_drift_though_nobody_looks_at_it(cluster: Cluster) -> None:
    cluster.secrets["key"] = "first"
    desired = {"metadata": {"name": "rotated", "namespace": "default"}, "stringData": {"key": Secret("sm", "key")}}
    made = cluster.make(SECRET, desired)
    cluster.kubectl.patch("v1/secrets", "rotated", {"data": {"key": "c2Vjb25k"}})
    found = cluster.difference(SECRET, desired, desired, made.id)
    assert [(field.path, field.cause) for field in found.fields] == [(("stringData", "key"), Cause.DRIFT)]
    cluster.bring(SECRET, desired, desired, made.id)
    assert cluster.kubectl.get("v1/secrets", "rotated")["data"] == {"key": "Zmlyc3Q="}
    assert not cluster.difference(SECRET, desired, desired, made.id).fields


def test_an_error_does_not_repeat_a_secret(cluster: Cluster) -> None:
    cluster.secrets["long"] = "do-not-say-this"
    desired = {"metadata": {"name": "quoted", "namespace": "default"}, "stringData": {"k": Secret("sm", "long")}}
    fault = Fault.status(422, "Invalid value: do-not-say-this, also known as ZG8tbm90LXNheS10aGlz")
    cluster.faults.plan("patch:secrets", fault)
    with pytest.raises(InvalidRequest) as refused:
        cluster.make(SECRET, desired)
    assert "do-not" not in str(refused.value)
    assert "ZG8t" not in str(refused.value)


def test_whoever_may_not_write_is_told(cluster: Cluster) -> None:
    cluster.faults.plan("patch:configmaps", Fault.status(403, "configmaps is forbidden: User viewer", "Forbidden"))
    with pytest.raises(AccessDenied, match="User viewer"):
        cluster.make(CONFIG_MAP, config_map("denied"))


def test_a_namespace_has_no_namespace(cluster: Cluster) -> None:
    made = cluster.make(NAMESPACE, {"metadata": {"name": "serving"}})
    assert made.id == "serving"
    cluster.remove(NAMESPACE, made)
    assert cluster.provider.find(cluster.target(NAMESPACE, {}, id="serving")) == Absent()
