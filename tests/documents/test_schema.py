from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mlinfra.core.address import Address
from mlinfra.core.value import Concat, Ref, Secret
from mlinfra.documents import duration, quantity
from mlinfra.documents.conformance import Conformance
from mlinfra.documents.findings import Findings
from mlinfra.documents.schema import Schema
from mlinfra.documents.subschema import Subschemas
from mlinfra.documents.yaml import parse

REF = Ref(Address("network.vpc"))


def load(schema: dict[str, Any], text: str) -> tuple[Any, list[str]]:
    findings = Findings()
    node = parse(text, "a.yaml", findings)
    assert node is not None
    value = Schema(schema).load(node, findings)
    return value, [
        f"{found.code} {str(found.source).removeprefix('a.yaml:')} {found.summary}"
        + (f" | {found.hint}" if found.hint else "")
        for found in findings.diagnostics()
    ]


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "string"}, "1.30", "1.30"),
        ({"type": "string"}, "0123", "0123"),
        ({"type": "string"}, "True", "True"),
        ({"enum": ["1.30", "1.31"]}, "1.30", "1.30"),
        ({"const": "1"}, "1", "1"),
        ({"type": "integer"}, "1.0", 1),
        ({"type": "number"}, "1", 1),
        ({"type": ["integer", "string"]}, "25", 25),
        ({"type": ["integer", "string"]}, "2.5", "2.5"),
        ({"type": ["string", "null"]}, "~", None),
        ({}, "1.30", 1.3),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "8", "8"),
        ({"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "string"}}]}, "[1, 2]", ["1", "2"]),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "{a: 1.0}", {"a": "1.0"}),
        ({"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "integer"}}, "[1, 2]", ["1", 2]),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}}, "1", "1"),
        ({"allOf": [{"type": "object"}, of(a={"type": "string"})]}, "{a: 1}", {"a": "1"}),
        ({"oneOf": [of(a={"type": "string"}), of(b={"type": "string"})]}, "{b: 1}", {"b": "1"}),
        ({"anyOf": [of(k={"enum": ["x"]}, v={"type": "integer"}), of(k={"enum": ["y"]}, v={"type": "string"})]},
         "{k: y, v: 1}", {"k": "y", "v": "1"}),
    ],
)  # fmt: skip
def test_an_unquoted_scalar_takes_the_type_that_is_asked_for(schema: dict[str, Any], text: str, value: Any) -> None:
    found, mistakes = load(schema, text)
    assert (found, mistakes) == (value, [])
    assert repr(found) == repr(value)


@pytest.mark.parametrize(
    ("schema", "text", "told"),
    [
        (of(a={"type": "integer"}), "a: '4'", 'MLI1032 1:4 a is the text "4", but must be a whole number'
                                              " | write 4 without quotes"),
        (of(a={"type": "boolean"}), "a: off", 'MLI1032 1:4 a is the text "off", but must be true or false'
                                              " | write false: in YAML 1.2 off is text"),
        (of(a={"type": "integer"}), "a: 1.5", "MLI1032 1:4 a is 1.5, but must be a whole number"),
        (of(a={"type": "string"}), "a: ~", "MLI1032 1:4 a is null, but must be text"
                                           " | give it a value, or delete the line"),
        (of(a={"type": "object"}), "a: x", 'MLI1032 1:4 a is the text "x", but must be a mapping'
                                           " | write entries (`name: value`), or {} for none"),
        (of(minSize={}), "minsize: 1", 'MLI1030 1:1 this has no "minsize" | did you mean minSize?'),
        (of(), "a: 1", 'MLI1030 1:1 this has no "a" | delete it'),
        (of(a={"minimum": 1, "type": "integer"}), "a: 0", "MLI1034 1:4 a is 0, but must be at least 1"),
        (of(a={"exclusiveMaximum": 1}), "a: 1", "MLI1034 1:4 a is 1, but must be less than 1"),
        (of(a={"multipleOf": 5}), "a: 7", "MLI1034 1:4 a is 7, but must be a multiple of 5"),
        (of(a={"type": "string", "minLength": 1}), "a: ''", "MLI1036 1:4 a must be of at least 1 character, and has 0"),
        (of(a={"maxItems": 1}), "a: [1, 2]", "MLI1036 1:4 a must have at most 1 item, and has 2"),
        (of(a={"minProperties": 2}), "a: {b: 1}", "MLI1036 1:4 a must have at least 2 entries, and has 1"),
        (of(a={"uniqueItems": True}), "a: [x, y, x]", 'MLI1038 1:4 a holds the text "x" twice | keep one'),
        (of(a={"type": "string", "pattern": "^[a-z]$"}), 'a: "b\\n"', 'MLI1035 1:4 a is the text "b\\n",'
                                                                      " but must be of the form ^[a-z]$"),
        (of(a={"type": "string", "pattern": "x", "x-form": "an x"}), "a: b", 'MLI1035 1:4 a is the text "b",'
                                                                             " but must be an x"),
        (of(a={"type": "string", "pattern": duration.PATTERN}), "a: 8", 'MLI1035 1:4 a is the text "8",'
                                                    " but must be a duration such as 60s, 30m, 8h or 14d"),
        (of(a={"type": "string", "pattern": quantity.PATTERN}), "a: 8GB", 'MLI1035 1:4 a is the text "8GB",'
                                                    " but must be a quantity such as 500m, 8Gi or 200Gi"),
        (of(a={"propertyNames": {"pattern": "^[a-z]+$"}}), "a: {B: 1}", 'MLI1035 1:5 the name "B" must be'
                                                                        " of the form ^[a-z]+$"),
        (of(a={"enum": ["single", "none"]}), "a: singel", 'MLI1033 1:4 a is the text "singel", but must be single'
                                                          " or none | did you mean single?"),
        (of(a={"anyOf": [{"type": "integer"}, {"enum": ["all"]}, {"type": "null"}]}), "a: al",
         'MLI1037 1:4 a is the text "al", but must be a whole number or all | did you mean all?'),
        (of(a={"not": {"type": "string"}, "description": "no text"}), "a: b",
         "MLI1039 1:4 a breaks a rule of its schema"),
        (of(a={"oneOf": [{"type": "integer"}, {"minimum": 0}]}), "a: 1", "MLI1037 1:4 a fits more than one form"
                                                                         " | say which one is meant"),
    ],
)  # fmt: skip
def test_a_violation_is_told_in_words(schema: dict[str, Any], text: str, told: str) -> None:
    assert load(schema, text)[1] == [told]


def test_all_violations_are_told_at_once_each_at_its_place() -> None:
    schema = {**of(a={"type": "integer"}, b={"type": "array", "items": {"type": "integer"}}), "required": ["c", "d"]}
    _, told = load(schema, "a: x\nb:\n  - 1\n  - y\n  - z\n")
    assert [line[:11] for line in told] == ["MLI1031 1:1", "MLI1032 1:4", "MLI1032 4:5", "MLI1032 5:5"]
    assert "this needs `c` and `d`" in told[0]


@pytest.mark.parametrize(
    ("schema", "value", "fits"),
    [
        ({"type": "integer"}, REF, True),
        ({"type": "object"}, REF, True),
        ({"enum": ["a"]}, REF, True),
        ({"pattern": "^a$"}, Concat(("x", REF)), True),
        ({"type": "integer"}, Concat(("x", REF)), False),
        ({"type": "integer"}, Secret("sm", "x"), False),
        ({"type": "string", "maxLength": 1}, Secret("sm", "x"), True),
        ({"anyOf": [{"type": "integer"}, {"type": "boolean"}]}, Secret("sm", "x"), False),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, REF, True),
        ({"type": "array", "uniqueItems": True}, [REF, "a"], True),
        ({"type": "object", "patternProperties": {"^a": {"type": "integer"}}}, {"ab": REF}, True),
    ],
)
def test_an_expression_fits_where_what_it_makes_may_stand(schema: dict[str, Any], value: Any, fits: bool) -> None:
    findings = Findings()
    node = parse("{}", "a.yaml", findings)
    assert node is not None
    Schema(schema).check(value, node, findings)
    assert findings.has_errors() is not fits


def test_a_schema_that_contains_itself_is_followed_as_deep_as_the_data() -> None:
    tree = of(name={"type": "string"}, below={"type": "array", "items": {"$ref": "#"}})
    assert load(tree, "{name: 1, below: [{name: 2, below: []}]}") == (
        {"name": "1", "below": [{"name": "2", "below": []}]}, []
    )  # fmt: skip
    assert len(load(tree, "{below: [{below: [{nam: 2}]}]}")[1]) == 1


WIDE = {
    **of(
        a={"type": ["integer", "null"], "minimum": 0, "exclusiveMaximum": 5},
        b={"anyOf": [{"type": "boolean"}, {"$ref": "#/$defs/list"}]},
        c={"enum": [1, "1", True, None]},
        d={
            "type": "object",
            "additionalProperties": {"type": "number"},
            "maxProperties": 1,
            "minProperties": 1,
            "propertyNames": {"enum": ["a", "b"]},
        },
        e={"oneOf": [{"type": "integer"}, {"type": "number", "maximum": 2}]},
        f={"allOf": [{"type": "string"}, {"pattern": "^[a-b]*$"}], "minLength": 1, "maxLength": 2},
        g={"const": 0},
        h={"anyOf": [{"multipleOf": 2}, {"type": "array"}]},
    ),
    "required": ["a"],
    "$defs": {
        "list": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "minItems": 1, "maxItems": 2}
    },
}
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 6) | st.sampled_from([0.0, 1.0, 2.5]) | st.text("ab1\n", max_size=3),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from("abcdefgh"), below, max_size=3),
    max_leaves=5,
)


@given(value=st.dictionaries(st.sampled_from("abcdefghi"), anything, max_size=4) | anything)
def test_the_quick_yes_and_jsonschema_agree(value: Any) -> None:
    quick = Conformance(Subschemas(WIDE)).test(WIDE)(value)
    slow = Draft202012Validator(WIDE).is_valid(value)
    # The two differ on purpose in one thing: a final `$` does not admit a line end.
    ends_a_line = isinstance(value, dict) and isinstance(value.get("f"), str) and value["f"].endswith("\n")
    assert not quick or slow
    assert quick or not slow or ends_a_line


@given(value=anything)
def test_what_conforms_has_no_violations_and_what_does_not_has_some(value: Any) -> None:
    findings = Findings()
    node = parse("{}", "a.yaml", findings)
    assert node is not None
    Schema(WIDE).check({"a": 1, "b": value, "f": "a"}, node, findings)
    legal = isinstance(value, bool) or (
        isinstance(value, list)
        and 1 <= len(value) <= 2
        and all(isinstance(item, str) for item in value)
        and len(set(value)) == len(value)
    )
    assert findings.has_errors() is not legal
