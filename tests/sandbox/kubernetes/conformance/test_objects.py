"""Objects: creation, reading, updating, deleting, and what the server adds."""

from __future__ import annotations

import pytest

from tests.sandbox.kubernetes.client import Client, Refused, config_map, deployment

CM = "v1/configmaps"
DEPLOY = "apps/v1/deployments"


def test_a_created_object_is_read_back_with_its_identity(api: Client) -> None:
    made = api.create(CM, config_map("a", {"k": "1"}))
    assert made == api.get(CM, "a")
    assert made["metadata"]["namespace"] == api.namespace
    assert made["metadata"]["uid"]
    assert int(made["metadata"]["resourceVersion"]) > 0


def test_an_object_that_is_not_there_is_not_found(api: Client) -> None:
    with pytest.raises(Refused) as caught:
        api.get(DEPLOY, "absent")
    assert (caught.value.code, caught.value.reason) == (404, "NotFound")
    assert caught.value.message == 'deployments.apps "absent" not found'


def test_a_second_creation_is_refused(api: Client) -> None:
    api.create(CM, config_map("a"))
    with pytest.raises(Refused) as caught:
        api.create(CM, config_map("a"))
    assert (caught.value.code, caught.value.reason) == (409, "AlreadyExists")
    assert caught.value.message == 'configmaps "a" already exists'


def test_a_name_is_generated(api: Client) -> None:
    made = api.create(CM, {**config_map(""), "metadata": {"generateName": "run-"}})
    assert made["metadata"]["name"].startswith("run-")
    assert len(made["metadata"]["name"]) == len("run-") + 5


def test_a_bad_name_is_invalid(api: Client) -> None:
    with pytest.raises(Refused) as caught:
        api.create(CM, config_map("Not_A_Name"))
    assert (caught.value.code, caught.value.reason) == (422, "Invalid")
    assert [cause["field"] for cause in caught.value.causes] == ["metadata.name"]


def test_a_missing_namespace_is_not_found(api: Client) -> None:
    with pytest.raises(Refused) as caught:
        api.create(CM, config_map("a"), namespace="mlinfra-no-such-namespace")
    assert (caught.value.code, caught.value.reason) == (404, "NotFound")


def test_an_update_from_an_old_version_is_a_conflict(api: Client) -> None:
    first = api.create(CM, config_map("a", {"k": "1"}))
    api.update(CM, {**first, "data": {"k": "2"}})
    with pytest.raises(Refused) as caught:
        api.update(CM, {**first, "data": {"k": "3"}})
    assert (caught.value.code, caught.value.reason) == (409, "Conflict")
    assert "the object has been modified" in caught.value.message


def test_an_update_that_changes_nothing_keeps_the_version(api: Client) -> None:
    made = api.create(CM, config_map("a", {"k": "1"}))
    assert api.update(CM, made)["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_defaults_are_filled_in(api: Client) -> None:
    spec = api.create(DEPLOY, deployment("web", replicas=None, ports=[{"containerPort": 80}]))["spec"]
    assert spec["replicas"] == 1
    assert spec["revisionHistoryLimit"] == 10
    assert spec["progressDeadlineSeconds"] == 600
    rolling = {"maxSurge": "25%", "maxUnavailable": "25%"}
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": rolling}
    pod = spec["template"]["spec"]
    assert (pod["restartPolicy"], pod["dnsPolicy"], pod["schedulerName"]) == (
        "Always", "ClusterFirst", "default-scheduler",
    )  # fmt: skip
    container = pod["containers"][0]
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert container["ports"] == [{"containerPort": 80, "protocol": "TCP"}]


def test_a_pod_requests_what_it_is_limited_to_and_a_template_does_not(api: Client) -> None:
    limits = {"limits": {"cpu": "1"}}
    made = api.create(DEPLOY, deployment("web", replicas=0, resources=limits))
    assert made["spec"]["template"]["spec"]["containers"][0]["resources"] == limits
    pod = {
        "containers": [{"name": "main", "image": "example.com/app:1", "resources": limits}],
        "volumes": [{"name": "v"}],
    }
    obj = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": pod}
    found = api.create("v1/pods", obj)
    assert found["spec"]["containers"][0]["resources"] == {**limits, "requests": {"cpu": "1"}}
    assert found["spec"]["volumes"][0] == {"name": "v", "emptyDir": {}}
    assert (found["status"]["phase"], found["status"]["qosClass"]) == ("Pending", "Burstable")


def test_a_job_selects_its_own_pods(api: Client) -> None:
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "example.com/app:1"}]}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": pod}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"template": template}}
    made = api.create("batch/v1/jobs", job)
    uid = made["metadata"]["uid"]
    assert made["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    assert made["spec"]["template"]["metadata"]["labels"]["batch.kubernetes.io/controller-uid"] == uid
    assert (made["spec"]["completions"], made["spec"]["parallelism"], made["spec"]["backoffLimit"]) == (1, 1, 6)
    assert made["metadata"]["labels"]["a"] == "b"


def test_generation_counts_changes_of_the_spec_alone(api: Client) -> None:
    made = api.create(DEPLOY, deployment("web"))
    assert made["metadata"]["generation"] == 1
    labelled = api.patch(DEPLOY, "web", {"metadata": {"labels": {"a": "b"}}})
    assert labelled["metadata"]["generation"] == 1
    assert api.patch(DEPLOY, "web", {"spec": {"replicas": 3}})["metadata"]["generation"] == 2


def test_status_is_written_through_its_subresource_alone(api: Client) -> None:
    api.create(DEPLOY, {**deployment("web", replicas=0), "status": {"replicas": 5}})
    assert api.get(DEPLOY, "web")["status"].get("replicas", 0) == 0
    told = api.patch(DEPLOY, "web/status", {"status": {"collisionCount": 3}, "spec": {"paused": True}})
    assert told["status"]["collisionCount"] == 3
    assert "paused" not in told["spec"]


def test_a_selector_that_does_not_match_its_template_is_invalid(api: Client) -> None:
    broken = deployment("web")
    broken["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    with pytest.raises(Refused) as caught:
        api.create(DEPLOY, broken)
    assert caught.value.code == 422
    assert [cause["field"] for cause in caught.value.causes] == ["spec.template.metadata.labels"]


def test_a_wrong_type_is_a_bad_request(api: Client) -> None:
    broken = deployment("web")
    broken["spec"]["replicas"] = "two"
    with pytest.raises(Refused) as caught:
        api.create(DEPLOY, broken)
    assert (caught.value.code, caught.value.reason) == (400, "BadRequest")
    assert "cannot unmarshal string" in caught.value.message


def test_an_immutable_field_stays(api: Client) -> None:
    api.create(DEPLOY, deployment("web"))
    change = {"spec": {"selector": {"matchLabels": {"app": "x"}},
                       "template": {"metadata": {"labels": {"app": "x"}}}}}  # fmt: skip
    with pytest.raises(Refused) as caught:
        api.patch(DEPLOY, "web", change)
    assert caught.value.code == 422
    assert "field is immutable" in caught.value.message


@pytest.mark.parametrize(("validation", "refused"), [("Strict", True), ("Warn", False), ("Ignore", False)])
def test_unknown_fields_are_dropped_or_refused(api: Client, validation: str, refused: bool) -> None:
    obj = {**config_map("a"), "bogus": 1}
    if refused:
        with pytest.raises(Refused) as caught:
            api.create(CM, obj, fieldValidation=validation)
        assert caught.value.code == 400
        assert 'strict decoding error: unknown field "bogus"' in caught.value.message
    else:
        assert "bogus" not in api.create(CM, obj, fieldValidation=validation)


def test_a_warning_names_the_unknown_field(api: Client) -> None:
    answer = api.http.post(api.path(CM), json={**config_map("a"), "bogus": 1}, params={"fieldValidation": "Warn"})
    assert answer.status_code == 201
    assert 'unknown field \\"bogus\\"' in answer.headers["Warning"]


def test_a_dry_run_is_told_and_not_kept(api: Client) -> None:
    assert api.create(CM, config_map("a"), dryRun="All")["metadata"]["uid"]
    assert "a" not in api.names(CM)
    api.create(CM, config_map("a", {"k": "1"}))
    assert api.patch(CM, "a", {"data": {"k": "2"}}, dryRun="All")["data"] == {"k": "2"}
    api.delete(CM, "a", dryRun="All")
    assert api.get(CM, "a")["data"] == {"k": "1"}


def test_lists_are_selected_and_paged(api: Client) -> None:
    for name, labels in (("a", {"app": "web"}), ("b", {"app": "db"}), ("c", {"app": "web", "tier": "1"})):
        api.create(CM, config_map(name, labels={**labels, "mine": "yes"}))
    assert api.names(CM, labelSelector="mine=yes,app in (web, cache),!tier") == ["a"]
    assert api.names(CM, fieldSelector="metadata.name=b") == ["b"]
    page = api.get(CM, limit=2, labelSelector="mine")
    assert [item["metadata"]["name"] for item in page["items"]] == ["a", "b"]
    token = page["metadata"]["continue"]
    rest = api.get(CM, limit=2, labelSelector="mine", **{"continue": token})
    assert [item["metadata"]["name"] for item in rest["items"]] == ["c"]
    assert not rest["metadata"].get("continue")


def test_secrets_take_plain_text_and_keep_base64(api: Client) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "v"}}
    made = api.create("v1/secrets", secret)
    assert (made["data"], made["type"]) == ({"k": "dg=="}, "Opaque")
    assert "stringData" not in made


def test_the_scale_subresource_reads_and_sets_replicas(api: Client) -> None:
    api.create(DEPLOY, deployment("web", replicas=0))
    scale = api.get(DEPLOY, "web/scale")
    assert (scale["kind"], scale["apiVersion"], scale["spec"]) == ("Scale", "autoscaling/v1", {})
    assert scale["status"]["selector"] == "app=web"
    assert api.patch(DEPLOY, "web/scale", {"spec": {"replicas": 2}})["spec"]["replicas"] == 2
    assert api.get(DEPLOY, "web")["spec"]["replicas"] == 2


def test_tables_carry_columns_and_rows(api: Client) -> None:
    api.create(CM, config_map("a", {"k": "1"}))
    accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    table = api.http.get(api.path(CM, "a"), headers=accept).json()
    assert table["kind"] == "Table"
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert table["rows"][0]["cells"][:2] == ["a", 1]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
