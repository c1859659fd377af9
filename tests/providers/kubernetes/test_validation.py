"""What is wrong with an object is said before anybody is asked, and at the property."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.value import Base64, Concat, Properties, Ref, Secret
from mlinfra.providers.kubernetes.managed import applied, holder_of, path_of
from mlinfra.providers.kubernetes.spelling import base64_text, free_form, int_or_text, quantity
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.providers.kubernetes.validation import complaints
from tests.providers.kubernetes.cluster import CONFIG_MAP, DEPLOYMENT, NAMESPACE, SECRET, SERVICE, deployment

CUSTOM = "kubernetes:serving.kserve.io/v1beta1:InferenceService"
ROLE = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"
LATER = Ref(Address("network.vpc"))


def said(token: str, properties: Properties) -> list[str]:
    return list(complaints(Kind.of(token), properties))


def named(**more: Any) -> Properties:
    return {"metadata": {"name": "it"}, **more}


@pytest.mark.parametrize(
    ("token", "properties", "complaint"),
    [
        (CONFIG_MAP, {}, "metadata.name is missing"),
        (CONFIG_MAP, {"metadata": {"name": "Big"}}, "metadata.name must be small letters"),
        (SERVICE, {"metadata": {"name": "a.b"}, "spec": {}}, "metadata.name must be small letters, digits and dashes"),
        (CONFIG_MAP, {"metadata": {"generateName": "x-", "name": "x"}}, "metadata.generateName"),
        (NAMESPACE, {"metadata": {"name": "a", "namespace": "b"}}, "a Namespace stands in no namespace"),
        (CONFIG_MAP, {"metadata": {"name": "a", "namespace": "b/c"}}, "metadata.namespace is no name"),
        (CONFIG_MAP, {"metadata": {"name": "a", "labels": {"mlinfra.io/stack": "x"}}}, "mlinfra's own"),
        (CONFIG_MAP, named(apiVersion="v2"), "apiVersion is v2, and the type says v1"),
        (CONFIG_MAP, named(kind="Secret"), "kind is Secret"),
        (CONFIG_MAP, named(status={}), "status is the cluster's"),
        (CONFIG_MAP, named(dat={}), "dat is no property: did you mean data?"),
        (CONFIG_MAP, named(data=["a"]), "data is a list, expected a block"),
        (CONFIG_MAP, named(data={"a": 1}), "data.a is 1, expected a text"),
        (CONFIG_MAP, named(immutable="yes"), "immutable is 'yes', expected true or false"),
        (DEPLOYMENT, named(spec={"replicas": "2", "selector": {}, "template": {}}), "spec.replicas is '2'"),
        (DEPLOYMENT, named(spec={"selector": {}}), "spec.template is missing"),
        (DEPLOYMENT, deployment(resources={"requests": {"cpu": "1 core"}}), "expected a quantity"),
        (DEPLOYMENT, deployment(ports=[{"containerPort": "http"}]), "ports[0].containerPort is 'http'"),
        (DEPLOYMENT, deployment(ports={}), "ports is a block, expected a list"),
        (DEPLOYMENT, deployment(env=[{"name": "A", "value": Secret("sm", "a")}]), "put it into the stringData"),
        (SECRET, named(stringData={"a": "written out"}), "stringData.a is written out"),
        (SECRET, named(data={"a": "d3JpdHRlbg=="}), "data.a is written out"),
        (CUSTOM, {"metadata": {"nam": "x"}}, "metadata.nam is no property: did you mean name?"),
        (CUSTOM, named(spec={"token": Concat(("a", Secret("sm", "b")))}), "put it into the stringData"),
    ],
)
def test_what_is_wrong_is_said(token: str, properties: Properties, complaint: str) -> None:
    assert any(complaint in one for one in said(token, properties)), said(token, properties)


@pytest.mark.parametrize(
    ("token", "properties"),
    [
        (CONFIG_MAP, {"metadata": {"name": LATER}, "data": {"a": LATER}}),
        (CONFIG_MAP, {"metadata": LATER}),
        (DEPLOYMENT, {"metadata": {"name": "a"}, "spec": LATER}),
        (SECRET, named(stringData={"a": Secret("sm", "x"), "b": LATER}, data={"c": Base64(LATER)}, type="Opaque")),
        (ROLE, {"metadata": {"name": "system:it"}, "rules": []}),
        (CUSTOM, named(spec={"anything": [1, {"at": "all"}]}, extra=True)),
    ],
)
def test_what_is_not_known_yet_or_has_no_schema_is_passed_over(token: str, properties: Properties) -> None:
    assert said(token, properties) == []


@pytest.mark.parametrize(
    ("left", "right"),
    [("1000m", "1"), ("1", 1), ("0.5", "500m"), ("1024Mi", "1Gi"), ("1G", "1000M"), ("1e3", "1k"), (2.0, "2")],
)
def test_equal_quantities_are_spelt_alike(left: object, right: object) -> None:
    assert quantity(left) == quantity(right)


def test_what_is_no_quantity_is_left_alone() -> None:
    assert (quantity("1Gib"), quantity("much"), quantity(True)) == ("1Gib", "much", True)


def test_other_spellings() -> None:
    assert int_or_text(80) == int_or_text("80")
    assert int_or_text("25%") == "25%"
    assert base64_text("YWJj\n") == base64_text("YWJj")
    assert base64_text("no base64!") == "no base64!"
    limits = {"limits": {"cpu": "1000m", "note": LATER}, "gone": None, "list": [{"requests": {"memory": "1024Ki"}}]}
    assert free_form(limits) == {"limits": {"cpu": "1", "note": LATER}, "list": [{"requests": {"memory": "1Mi"}}]}


@pytest.mark.parametrize(
    ("field", "path"),
    [
        (".spec.replicas", ("spec", "replicas")),
        ('.spec.containers[name="main"].image', ("spec", "containers", "main", "image")),
        ('.spec.ports[port=80,protocol="TCP"].targetPort', ("spec", "ports", "80/TCP", "targetPort")),
        ('.metadata.finalizers[="a/b"]', ("metadata", "finalizers", "a/b")),
        (".spec.rules[0]", ("spec", "rules", 0)),
    ],
)
def test_the_servers_fields_are_read_as_paths(field: str, path: tuple[object, ...]) -> None:
    assert path_of(field) == path


def test_the_manager_of_a_conflict_is_read() -> None:
    assert holder_of('conflict with "flux" using v1') == ("flux", "")
    assert holder_of('conflict with "keda" with subresource "scale" using apps/v1') == ("keda", "scale")


def test_what_a_manager_applied_is_taken_out_of_an_object() -> None:
    live = {"spec": {"a": 1, "b": 2, "list": [{"name": "x", "v": 1, "w": 2}, {"name": "y"}], "set": ["p", "q"]}}
    fields = {
        "f:spec": {
            "f:a": {},
            "f:list": {'k:{"name":"x"}': {".": {}, "f:name": {}, "f:v": {}}},
            "f:set": {'v:"q"': {}},
        }
    }
    assert applied(live, fields) == {"spec": {"a": 1, "list": [{"name": "x", "v": 1}], "set": ["q"]}}
