"""What is no answer to what was asked: a page, a Status, another list, half of one."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from mlinfra.core.errors import Ambiguous
from mlinfra.providers.kubernetes.answers import (
    Form,
    anything,
    changed,
    having,
    list_of,
    object_like,
    object_of,
    one_of,
)
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.sandbox.kubernetes.faults import Serve
from mlinfra.sandbox.kubernetes.requests import Response
from tests.providers.kubernetes.cluster import CONFIG_MAP, Cluster

MAP = {"metadata": {"name": "settings", "namespace": "default"}, "data": {"a": "b"}}
MAPS = Kind("", "v1", "ConfigMap")
BATCHES = Kind("batches.example.com", "v1", "Batch")
PAGE = b"<html><body>Bad gateway</body></html>"
_DONE = {"apiVersion": "v1", "kind": "Status", "status": "Success"}
_OTHER_LIST = {"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": []}


class Instead(msgspec.Struct, frozen=True):
    """Another answer than the API's; with `after`, once that has done what was asked."""

    body: Any
    status: int = 200
    after: bool = False

    def strike(self, serve: Serve) -> Response:
        if self.after:
            serve().close()
        return Response(self.status, self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode())


NO_ANSWERS = (Instead(PAGE), Instead(b""), Instead([]), Instead(_DONE), Instead(_OTHER_LIST), Instead(PAGE, status=404))


def test_a_listing_that_is_none_is_asked_for_again(cluster: Cluster) -> None:
    cluster.make(CONFIG_MAP, MAP)
    for fault in NO_ANSWERS[:4]:
        cluster.faults.plan("list:configmaps", fault)
    listed = cluster.list(CONFIG_MAP)
    assert ([present.id for present in listed.objects], listed.incomplete) == (["default/settings"], "")


@pytest.mark.parametrize("fault", NO_ANSWERS, ids=str)
def test_nothing_is_gone_because_of_what_is_no_listing(cluster: Cluster, fault: Instead) -> None:
    cluster.make(CONFIG_MAP, MAP)
    for _ in range(5):
        cluster.faults.plan("list:configmaps", fault)
    assert "listing configmaps: what came back is no answer to it" in cluster.list(CONFIG_MAP).incomplete


def test_whether_a_change_was_made_is_not_told_by_what_is_no_answer(cluster: Cluster) -> None:
    cluster.faults.plan("patch:configmaps", Instead(PAGE, after=True))
    with pytest.raises(Ambiguous) as raised:
        cluster.make(CONFIG_MAP, MAP)
    assert raised.value.code == "MLI5170"
    assert cluster.kubectl.names("v1/configmaps").count("settings") == 1


def judged(form: Form, *answers: dict[str, Any]) -> list[str]:
    return [form(answer) for answer in answers]


def test_a_list_is_of_the_kind_that_was_asked_for() -> None:
    good = {"apiVersion": "v1", "kind": "ConfigMapList", "items": None}
    assert judged(list_of(MAPS), good, _OTHER_LIST, {**good, "items": {}}, {**good, "apiVersion": "v2"}) == [
        "",
        "a PodList in the place of ConfigMapList",
        "a ConfigMapList in the place of ConfigMapList",
        "a ConfigMapList in the place of ConfigMapList",
    ]
    custom = {"apiVersion": "batches.example.com/v1", "kind": "BatchSetList", "items": []}
    assert judged(list_of(BATCHES), custom, {**custom, "kind": "Batch"}) == ["", "a Batch in the place of BatchList"]


def test_an_object_is_the_one_that_was_asked_for() -> None:
    good = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    assert judged(object_of(MAPS, "a"), good, {**good, "metadata": {"name": "b"}}, _DONE, {}) == [
        "",
        "a ConfigMap in the place of ConfigMap a",
        "a Status in the place of ConfigMap a",
        "an object of no kind in the place of ConfigMap a",
    ]
    assert object_like({"apiVersion": "v1", "kind": "ConfigMap"})(good) == ""  # whose name the API gives
    assert judged(changed, good, _DONE) == ["", "a Status"]


def test_other_documents_are_known_by_what_they_say_of_themselves() -> None:
    assert judged(anything, _DONE, {"kind": "Status", "status": "Failure"})[0] == ""
    assert anything({"kind": "Status"}) == "a Status that does not say that it succeeded"
    assert judged(one_of("APIVersions"), {"kind": "APIVersions"}, _DONE) == ["", "a Status in the place of APIVersions"]
    assert judged(having("gitVersion"), {"gitVersion": "v1.33.1"}, {}) == [
        "",
        "an object of no kind without gitVersion",
    ]
