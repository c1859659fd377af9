"""A custom resource is held against the definition that stands beside it."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.value import Properties, Ref
from mlinfra.providers.kubernetes.definitions import complaints, schemas_in
from mlinfra.providers.kubernetes.token import Kind

KIND = Kind("test.example.com", "v1", "Widget")
SPEC = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "minimum": 1},
        "port": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        "mode": {"type": "string", "enum": ["fast", "slow"], "nullable": True},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "free": {
            "type": "object",
            "properties": {"a": {"type": "string"}},
            "x-kubernetes-preserve-unknown-fields": True,
        },
        "parts": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
    },
}


def definition(spec: Any = SPEC) -> Properties:
    structural = {"type": "object", "required": ["spec"], "properties": {"metadata": {"type": "object"}, "spec": spec}}
    version = {"name": "v1", "schema": {"openAPIV3Schema": structural}}
    return {"spec": {"group": KIND.group, "names": {"kind": KIND.name}, "versions": [version]}}


def said(spec: Any) -> list[str]:
    return list(complaints(schemas_in([definition()])[KIND], {"metadata": {"name": "one"}, "spec": spec}))


@pytest.mark.parametrize(
    "spec",
    [
        {"size": 1},
        {"size": 2, "port": "http", "mode": None, "labels": {"a": "b"}, "free": {"a": "x", "more": [1]}},
        {"size": 2, "port": 80, "parts": [{"a": "x"}]},
        {"size": Ref(Address("a.b")), "parts": Ref(Address("a.b"))},
        Ref(Address("a.b")),
    ],
)
def test_what_fits_is_not_complained_of(spec: Any) -> None:
    assert said(spec) == []


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "size"),
        ({"size": "2"}, "spec.size"),
        ({"size": 0}, "spec.size"),
        ({"size": 1, "siez": 2}, "siez"),
        ({"size": 1, "mode": "medium"}, "spec.mode"),
        ({"size": 1, "port": True}, "spec.port"),
        ({"size": 1, "labels": {"a": 1}}, "spec.labels.a"),
        ({"size": 1, "free": {"a": 1}}, "spec.free.a"),
        ({"size": 1, "parts": [{"b": "x"}]}, "spec.parts[0]"),
    ],
)
def test_what_does_not_fit_is_named(spec: Any, words: str) -> None:
    assert any(words in complaint for complaint in said(spec)), said(spec)


def test_a_definition_that_is_not_known_yet_says_nothing() -> None:
    assert schemas_in([definition(Ref(Address("a.b"))), {"spec": Ref(Address("a.b"))}, {}]) == {}
