"""Every resource that a module emits, against the types that our own providers declare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mlinfra.core.property import Property
from mlinfra.core.resource import Resource
from mlinfra.core.value import Expression
from mlinfra.documents.conformance import Conformance
from mlinfra.documents.subschema import Subschemas
from mlinfra.providers.aws.catalogue import catalogue
from tests.modules.cases import graphs

_EMITTED: dict[str, list[Resource]] = {}
for _graph in graphs().values():
    for _resource in _graph:
        _EMITTED.setdefault(_resource.type, []).append(_resource)


def _known(value: Any) -> Any:
    """`value` without what only an apply can tell."""
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items() if not isinstance(item, Expression)}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value if not isinstance(item, Expression)]
    return value


def _lacking(declared: Property, value: Any, where: str) -> Iterator[str]:
    """What is required and not there, expressions counted as there."""
    if isinstance(value, dict):
        yield from (f"{where}.{name}" for name, one in declared.fields.items() if one.required and name not in value)
        for name, item in value.items():
            if below := declared.below(name):
                yield from _lacking(below, item, f"{where}.{name}")
    elif isinstance(value, list | tuple) and declared.items:
        for index, item in enumerate(value):
            yield from _lacking(declared.items, item, f"{where}[{index}]")


@pytest.mark.parametrize("token", sorted(_EMITTED))
def test_a_type_takes_all_that_modules_give_it(token: str) -> None:
    kind = catalogue().get(token)
    if kind is None:
        pytest.skip("no provider declares this type yet")
    inputs = kind.about.inputs
    schema = Draft202012Validator(inputs.json_schema())
    for resource in _EMITTED[token]:
        wrong = [error for error in schema.iter_errors(_known(resource.properties)) if error.validator != "required"]
        assert [(resource.address, error.json_path, error.message) for error in wrong] == []
        named = kind.about.name.property if kind.about.name else ""
        lacking = list(_lacking(inputs, resource.properties, resource.address))
        assert [path for path in lacking if path != f"{resource.address}.{named}"] == []


def test_a_resource_without_mistakes_is_never_left_to_the_slow_test() -> None:
    for token, kind in catalogue().items():
        definition = kind.about.inputs.json_schema()
        quick = Conformance(Subschemas(definition))
        quick.test(definition)
        assert (token, quick.unknown) == (token, set())
