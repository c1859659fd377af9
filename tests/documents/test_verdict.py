"""Verdicts agree with jsonschema on what is known, and hold whatever the unknown will be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mlinfra.core.address import Address
from mlinfra.core.value import Base64, Concat, Expression, Json, Ref, Secret, Value, resolve
from mlinfra.documents.fault import schema_fault
from mlinfra.documents.judges import UnusableSchemaError
from mlinfra.documents.verdict import KEYWORDS, Criterion, Verdict

UNKNOWN = Ref(Address("network.vpc"), ("value",))
ARN = Ref(Address("network.vpc"), ("arn",))

names = st.sampled_from(["a", "b", "c"])
scalars = st.one_of(st.none(), st.booleans(), st.integers(-2, 3), st.sampled_from(["", "a", "ab", "abc"]))


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3))


plain = st.recursive(scalars, containers, max_leaves=6)
partly = st.recursive(st.one_of(scalars, st.just(UNKNOWN)), containers, max_leaves=6)
# Unknown in every place: as a key, within documents, encoded texts and texts that are put together.
holders = st.sampled_from([UNKNOWN, Concat(("a", UNKNOWN)), Concat((UNKNOWN, "b")), Base64(UNKNOWN)])
hidden = st.recursive(
    st.one_of(scalars, holders, st.just(Json({"a": UNKNOWN})), st.just(Json([UNKNOWN, 1])), st.just('{"a": 1}')),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(names, st.just(UNKNOWN)), inner, max_size=3),
        inner.map(Json),
    ),
    max_leaves=6,
)

leaves: st.SearchStrategy[Any] = st.one_of(
    st.booleans(),
    st.fixed_dictionaries({"type": st.sampled_from(["string", "integer", "array", "object", "boolean", "null"])}),
    st.fixed_dictionaries({"const": scalars}),
    st.fixed_dictionaries({"enum": st.lists(scalars, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"pattern": st.sampled_from(["^a", "b"])}),
    st.fixed_dictionaries({"required": st.lists(names, max_size=2, unique=True)}),
    st.sampled_from(
        ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems"]
    ).map(lambda keyword: {keyword: 1}),
)


def branches(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.fixed_dictionaries({"properties": st.dictionaries(names, inner, max_size=2)}),
        st.fixed_dictionaries({"properties": st.dictionaries(names, inner, max_size=2), "additionalProperties": inner}),
        st.fixed_dictionaries({"propertyNames": inner}),
        st.fixed_dictionaries({"items": inner}),
        st.fixed_dictionaries({"contains": inner}),
        st.fixed_dictionaries({"anyOf": some}),
        st.fixed_dictionaries({"allOf": some}),
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"if": inner}, optional={"then": inner, "else": inner}),
    )


documents = {"contentMediaType": "application/json"}


def openings(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """As `branches`, and with documents looked into."""
    return st.one_of(branches(inner), inner.map(lambda schema: {**documents, "contentSchema": schema}))


schemas = st.recursive(leaves, branches, max_leaves=6).filter(lambda schema: isinstance(schema, dict))


@settings(max_examples=300)
@given(schemas, plain)
def test_what_is_known_is_judged_as_by_jsonschema(schema: dict[str, Any], value: Value) -> None:
    expected = Verdict.PASS if Draft202012Validator(schema).is_valid(value) else Verdict.FAIL
    criterion = Criterion(schema)
    assert criterion.verdict(value) is expected
    assert bool(criterion.culprits(value)) is (expected is Verdict.FAIL)


@settings(max_examples=300)
@given(schemas, partly, st.lists(plain, min_size=8, max_size=8))
def test_a_verdict_holds_whatever_the_unknown_will_be(schema: dict[str, Any], value: Value, rest: list[Value]) -> None:
    verdict = Criterion(schema).verdict(value)
    filling = iter(rest * 9)
    known = resolve(value, lambda expression: next(filling))
    valid = Draft202012Validator(schema).is_valid(known)
    assert verdict is Verdict.UNKNOWN or valid is (verdict is Verdict.PASS)


deep = st.recursive(leaves, openings, max_leaves=6).filter(lambda schema: isinstance(schema, dict))


@settings(max_examples=120)
@given(deep, hidden, st.lists(st.one_of(plain, st.just('{"a": 2}')), min_size=8, max_size=8))
def test_unknown_is_no_pass_in_any_operator_at_any_depth(
    schema: dict[str, Any], value: Value, rest: list[Value]
) -> None:
    """What is decided now is decided the same way once everything is known; `resolve` puts documents together."""
    verdict = Criterion(schema).verdict(value)
    filling = iter(rest * 40)
    known = resolve(value, lambda expression: filled(next(filling)))
    assert verdict is Verdict.UNKNOWN or Criterion(schema).verdict(known) is verdict


def filled(value: Value) -> Value:
    """A text, which can stand anywhere: as a key, within a text, and by itself."""
    return value if isinstance(value, str) else "b"


@pytest.mark.parametrize(
    ("schema", "value", "verdict"),
    [
        ({"const": "*"}, UNKNOWN, Verdict.UNKNOWN),
        ({"const": "*"}, ARN, Verdict.FAIL),
        ({"const": "*"}, Ref(Address("resources.a"), ("secrets", 0, "secretArn")), Verdict.FAIL),
        ({"const": "*"}, Concat((UNKNOWN, "/*")), Verdict.FAIL),
        ({"const": "a/*"}, Concat((UNKNOWN, "/*")), Verdict.UNKNOWN),
        ({"enum": ["arn:aws:s3:::a"]}, ARN, Verdict.UNKNOWN),
        ({"const": 3}, Concat(("3",)), Verdict.FAIL),
        ({"type": "string"}, Secret("env", "TOKEN"), Verdict.PASS),
        ({"type": "object"}, Json({}), Verdict.FAIL),
        ({"minItems": 1}, ARN, Verdict.PASS),
        ({"required": ["a"]}, {UNKNOWN: 1}, Verdict.UNKNOWN),
        ({"required": ["a", "b"]}, {UNKNOWN: 1}, Verdict.FAIL),
        ({"properties": {"a": {"const": 1}}}, {UNKNOWN: 2}, Verdict.UNKNOWN),
        ({"properties": {"a": {"const": 1}}}, {UNKNOWN: 1}, Verdict.PASS),
        ({"additionalProperties": False}, {UNKNOWN: 1}, Verdict.UNKNOWN),
        ({"propertyNames": {"pattern": "^a"}}, {UNKNOWN: 1}, Verdict.UNKNOWN),
    ],
)
def test_what_is_known_of_an_expression_decides(schema: dict[str, Any], value: Value, verdict: Verdict) -> None:
    assert Criterion(schema).verdict(value) is verdict


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (Json({"n": 1}), Verdict.PASS),
        (Json({"n": 2}), Verdict.FAIL),
        (Json({"n": UNKNOWN}), Verdict.UNKNOWN),
        ('{"n": 1}', Verdict.PASS),
        ('{"n": 2}', Verdict.FAIL),
        ("{", Verdict.FAIL),
        ("[" * 100_000, Verdict.FAIL),
        (UNKNOWN, Verdict.UNKNOWN),
    ],
)
def test_documents_are_looked_into(value: Value, verdict: Verdict) -> None:
    inner = {"required": ["n"], "properties": {"n": {"const": 1}}}
    assert Criterion({"contentMediaType": "application/json", "contentSchema": inner}).verdict(value) is verdict


@pytest.mark.parametrize("value", [Base64("hello"), "aGVsbG8="])
def test_encoded_text_is_looked_into(value: str | Expression) -> None:
    assert Criterion({"contentEncoding": "base64", "contentSchema": {"pattern": "^hel"}}).passes(value)


def test_a_schema_may_contain_itself() -> None:
    tree = {"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}
    assert Criterion(tree).verdict([[], [[]]]) is Verdict.PASS
    assert Criterion(tree).culprits([[], [1]]) == ((1, 0),)


def test_culprits_are_where_it_is_wrong() -> None:
    schema = {"properties": {"a": {"items": {"const": 1}}, "b": {"required": ["c"]}, "d": False}}
    assert Criterion(schema).culprits({"a": [1, 2], "b": {}, "d": 1}) == (("a", 1), ("b",), ("d",))


@pytest.mark.parametrize(
    "schema", [{"dependentRequired": {}}, {"const": {"a": 1}}, {"contentEncoding": "gzip", "contentSchema": {}}]
)
def test_what_verdicts_do_not_know_is_refused_and_not_passed_over(schema: dict[str, Any]) -> None:
    with pytest.raises(UnusableSchemaError):
        Criterion(schema)


def test_what_is_no_schema_is_told() -> None:
    assert schema_fault({"type": "texte"}).startswith("type: ")
    assert schema_fault({"type": "string"}) == ""
    assert {"anyOf", "contentSchema", "$ref"} <= KEYWORDS
