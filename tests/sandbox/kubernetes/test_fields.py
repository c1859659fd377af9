"""Sets of fields: their written form, and what they are drawn from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlinfra.sandbox.kubernetes.fields import Difference, Fields, fields_of, from_v1, to_v1, with_parents, written
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind
from mlinfra.sandbox.kubernetes.schema import Schemas, load_definitions
from tests.sandbox.kubernetes.client import deployment

SCHEMA = Schemas(load_definitions("1.33")).get(GroupVersionKind("apps", "v1", "Deployment"))
ELEMENTS = st.sampled_from(["f:a", "f:b", 'k:{"name":"x"}', 'v:"y"'])
PATHS = st.lists(ELEMENTS, min_size=1, max_size=4).map(tuple)
CONTAINER = ("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"main"}')


@given(st.frozensets(PATHS))
def test_a_set_survives_being_written(fields: Fields) -> None:
    assert from_v1(to_v1(fields)) == fields


def test_a_member_with_others_below_is_marked_by_a_dot() -> None:
    fields = frozenset({("f:a",), ("f:a", "f:b"), ("f:c", "f:d")})
    assert to_v1(fields) == {"f:a": {".": {}, "f:b": {}}, "f:c": {"f:d": {}}}


def test_paths_are_written_for_people() -> None:
    assert written((*CONTAINER, "f:image")) == '.spec.template.spec.containers[name="main"].image'
    assert written(("f:a", 'k:{"port":80,"protocol":"TCP"}', 'v:"x"', "i:3")) == '.a[port=80,protocol="TCP"][="x"][3]'


def test_what_the_server_owns_is_in_no_set() -> None:
    obj = {**deployment("web"), "metadata": {"name": "web", "uid": "u", "labels": {"a": "b"}}}
    found = fields_of(obj, SCHEMA)
    assert {path for path in found if path[0] == "f:metadata"} == {("f:metadata", "f:labels", "f:a")}
    assert not any(path[0] in ("f:apiVersion", "f:kind") for path in found)


def test_a_difference_tells_added_modified_and_removed() -> None:
    old = deployment("web", replicas=1, env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}])
    new = deployment("web", replicas=2, env=[{"name": "B", "value": "2"}, {"name": "C", "value": "3"}])
    env = (*CONTAINER, "f:env")
    found = Difference(old, new, SCHEMA)
    assert found.modified == {("f:spec", "f:replicas")}
    gone, come = (*env, 'k:{"name":"A"}'), (*env, 'k:{"name":"C"}')
    assert found.removed == {gone, (*gone, "f:name"), (*gone, "f:value")}
    assert found.added == {come, (*come, "f:name"), (*come, "f:value")}
    assert Difference(old, old, SCHEMA).added == frozenset()


def test_declared_fields_on_the_way_are_parents_and_map_keys_are_not() -> None:
    paths = frozenset({("f:metadata", "f:labels", "f:a"), (*CONTAINER, "f:image")})
    assert with_parents(paths, SCHEMA) - paths == {
        ("f:metadata",), ("f:metadata", "f:labels"), *(CONTAINER[:depth] for depth in range(1, 5)),
    }  # fmt: skip
