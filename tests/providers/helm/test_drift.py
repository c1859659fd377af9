"""What others do to a release and to its objects shows in the next listing, and the next upgrade undoes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from mlinfra.core.errors import AccessDenied
from mlinfra.core.observed import Present
from mlinfra.core.plan import Cause
from mlinfra.core.value import path_text
from mlinfra.providers.helm.cluster import Object
from mlinfra.providers.helm.conditions import conditions
from mlinfra.providers.helm.definitions import edited_kinds
from mlinfra.providers.helm.marks import Memory, remembered
from mlinfra.providers.helm.no_cluster import NoCluster
from mlinfra.providers.helm.releases import Release, Revision
from tests.providers.helm.cluster import VERSION
from tests.providers.helm.place import Place

DEPLOYMENT = "apps/v1"
_GADGETS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.web.example.com"
_COLUMNS = [{"name": "Size", "type": "string", "jsonPath": ".spec.size"}]


def edit(place: Place, api_version: str, kind: str, patch: Any, name: str = "web") -> None:
    place.cluster.merge(api_version, kind, place.namespace, name, patch)


def wrong(place: Place) -> Any:
    (seen,) = place.listed()
    return seen.properties["manifest"]


def put_back(place: Place, seen: Present, **properties: Any) -> list[Any]:
    """What a plan says of the objects that others changed."""
    target = place.target({"chart": "web", "manifest": {}, **properties}, id=seen.id)
    parts = [part for part in place.provider.preview(target, seen) if part.explains == ("manifest",)]
    return [
        (part.action.value, part.name, [(path_text(f.path), f.before, f.after, f.cause.value) for f in part.fields])
        for part in sorted(parts, key=lambda part: part.name)
    ]


def test_nothing_has_drifted_where_nobody_did_anything(place: Place) -> None:
    place.make()
    assert wrong(place) == {}


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ({"spec": {"replicas": 3}}, "spec.replicas is 3, not 1"),
        ({"spec": {"template": {"metadata": {"labels": {"app": "web", "by": "hand"}}}}}, ""),
        ({"metadata": {"labels": {"app.kubernetes.io/managed-by": "me"}}}, ""),
    ],
)
def test_a_field_that_somebody_took_is_named_with_who_took_it(place: Place, patch: Any, said: str) -> None:
    place.make()
    edit(place, DEPLOYMENT, "Deployment", patch)
    found = wrong(place)
    assert found == ([f"Deployment {place.namespace}/web: {said} (mlinfra)"] if said else {})


def test_containers_are_told_apart_by_name(place: Place) -> None:
    place.make()
    live = place.live("Deployment", "web", DEPLOYMENT)
    (container,) = live["spec"]["template"]["spec"]["containers"]
    containers = [{"name": "beside", "image": "beside:1"}, {**container, "image": "app:2"}]
    edit(place, DEPLOYMENT, "Deployment", {"spec": {"template": {"spec": {"containers": containers}}}})
    (said,) = wrong(place)
    assert said.endswith("spec.template.spec.containers[0].image is app:2, not app:1 (mlinfra)")


def test_an_object_that_is_gone_is_missed(place: Place) -> None:
    place.make()
    place.delete("services/web")
    assert wrong(place) == [f"Service {place.namespace}/web is not there"]


def test_drift_is_drift_to_the_engine_and_an_upgrade_undoes_it(place: Place) -> None:
    made = place.make()
    place.delete("services/web")
    edit(place, DEPLOYMENT, "Deployment", {"spec": {"replicas": 3}})
    (seen,) = place.listed()
    assert [(field.path, field.cause) for field in place.fields(seen)] == [(("manifest",), Cause.DRIFT)]
    assert put_back(place, seen) == [
        ("update", f"Deployment {place.namespace}/web", [("spec.replicas", 3, 1, "drift")]),
        ("create", f"Service {place.namespace}/web", []),
    ]
    assert put_back(place, seen, values={"replicas": 2})[0][2] == [("spec.replicas", 3, 2, "change and drift")]
    place.change(seen, {})
    assert wrong(place) == {}
    assert place.live("Service", "web")
    assert place.live("Deployment", "web", DEPLOYMENT)["spec"]["replicas"] == 1
    assert made.id == seen.id


def test_a_number_of_replicas_that_an_autoscaler_chose_is_its_own(place: Place) -> None:
    place.make()
    path = f"/apis/apps/v1/namespaces/{place.namespace}/deployments/web/scale"
    scale = place.http.get(path).json()
    manager = "?fieldManager=kube-controller-manager"
    answer = place.http.put(path + manager, json={**scale, "spec": {"replicas": 4}})
    assert answer.status_code == 200
    assert place.live("Deployment", "web", DEPLOYMENT)["spec"]["replicas"] == 4
    assert wrong(place) == {}


def test_a_chart_that_asks_for_the_version_of_kubernetes_is_rendered_anew_for_another_one(place: Place) -> None:
    place.make()
    secret = place.cluster.get("v1", "Secret", place.namespace, "sh.helm.release.v1.web.v1")
    assert secret is not None
    assert secret["metadata"]["labels"]["mlinfra.io/kubernetes"] == VERSION
    older = {"metadata": {"labels": {"mlinfra.io/kubernetes": "1.32"}}}
    edit(place, "v1", "Secret", older, name="sh.helm.release.v1.web.v1")
    assert wrong(place) == [f"it was rendered for Kubernetes 1.32; the cluster has {VERSION} by now"]
    place.change(place.listed()[0], {})
    assert wrong(place) == {}
    place.make(name="other", chart="platform", skipAwait=True)
    other = place.cluster.get("v1", "Secret", place.namespace, "sh.helm.release.v1.other.v1")
    assert other is not None
    assert "mlinfra.io/kubernetes" not in other["metadata"]["labels"]


def _version(place: Place) -> Any:
    (version,) = place.http.get(_GADGETS).json()["spec"]["versions"]
    return version


def _edited(place: Place, spec: Any, manager: str) -> None:
    """What `kubectl edit` does: the definition as it is, with this in the place of what was there."""
    live = place.http.get(_GADGETS).json()
    answer = place.http.put(f"{_GADGETS}?fieldManager={manager}", json={**live, "spec": {**live["spec"], **spec}})
    assert answer.status_code == 200, answer.text


def test_a_kind_of_the_charts_own_folder_that_somebody_edited_is_named_and_put_back(place: Place) -> None:
    place.make()
    before = place.http.get(_GADGETS).json()["spec"]
    assert wrong(place) == {}
    _edited(place, {"versions": [{**_version(place), "additionalPrinterColumns": _COLUMNS}]}, "kubectl-edit")
    (seen,) = place.listed()
    assert seen.properties["manifest"] == [
        "the definition of Gadget of web.example.com is not as its chart has it; spec.versions is of kubectl-edit"
    ]
    place.change(seen, {})
    assert place.http.get(_GADGETS).json()["spec"] == before
    assert wrong(place) == {}


def test_what_a_webhook_writes_into_a_definition_and_what_others_add_to_it_is_theirs(place: Place) -> None:
    place.make()
    live = place.http.get(_GADGETS).json()
    metadata = {**live["metadata"], "labels": {"team": "web"}}
    client = {"service": {"name": "web", "namespace": "web"}, "caBundle": "Cg=="}
    converting = {"strategy": "Webhook", "webhook": {"clientConfig": client, "conversionReviewVersions": ["v1"]}}
    changed = {**live, "metadata": metadata, "spec": {**live["spec"], "conversion": converting}}
    assert place.http.put(f"{_GADGETS}?fieldManager=cainjector", json=changed).status_code == 200
    assert wrong(place) == {}


class _Closed(NoCluster):
    """A cluster whose definitions the caller may not list, as a role for namespaces has it."""

    def metadata(self, api_version: str, kind: str) -> Iterable[Object]:
        raise AccessDenied(f"listing {kind}: it is forbidden")


def test_who_may_not_list_definitions_is_told_all_the_rest() -> None:
    memory = remembered(Memory(revision=1, definitions=("web.example.com/Gadget",), holdings=("abcdefgh",)))
    last = Revision(name="web", namespace="web", number=1, status="deployed", labels=memory, secret="s")
    assert edited_kinds(_Closed(VERSION), [Release((last,))]) == {}


class _WithoutJobs(NoCluster):
    """A cluster of which the caller may list everything but jobs."""

    def list(self, api_version: str, kind: str, *, labels: str = "", namespace: str = "") -> Iterable[Object]:
        if kind == "Job":
            raise AccessDenied(f"listing {kind}: it is forbidden")
        return ()


def test_of_releases_only_the_one_that_has_what_may_not_be_read_cannot_be_read() -> None:
    manifest = "apiVersion: {}\nkind: {}\nmetadata: {{name: web}}\n"
    kinds = {"jobs": ("batch/v1", "Job"), "web": ("apps/v1", "Deployment")}
    about = {"namespace": "web", "number": 1, "status": "deployed", "labels": {}, "secret": "s"}
    releases = [
        Release((msgspec.convert({**about, "name": name, "manifest": manifest.format(*kind)}, Revision),))
        for name, kind in kinds.items()
    ]
    wrong, unread = conditions(_WithoutJobs(VERSION), releases)
    assert dict(unread) == {"web/jobs": "listing Job: it is forbidden"}
    assert [*wrong] == ["web/web"]


def test_a_release_of_before_that_was_remembered_is_held_against_nothing(place: Place) -> None:
    place.make()
    secret = place.cluster.get("v1", "Secret", place.namespace, "sh.helm.release.v1.web.v1")
    assert secret is not None
    ours = [label for label in secret["metadata"]["labels"] if label.startswith("mlinfra.io/holdings")]
    edit(place, "v1", "Secret", {"metadata": {"labels": dict.fromkeys(ours)}}, name="sh.helm.release.v1.web.v1")
    _edited(place, {"versions": [{**_version(place), "additionalPrinterColumns": _COLUMNS}]}, "me")
    assert ours
    assert wrong(place) == {}


def test_a_kind_of_the_charts_own_folder_that_somebody_deleted_is_missed_and_made_again(place: Place) -> None:
    made = place.make()
    assert place.http.delete(_GADGETS).status_code == 200
    (seen,) = place.listed()
    assert "the kind Gadget of web.example.com is not there, which its chart defines" in seen.properties["manifest"]
    place.change(seen, {})
    assert place.http.get(_GADGETS).status_code == 200
    assert wrong(place) == {}
    place.provider.delete(place.target({}, id=made.id), place.journal)
