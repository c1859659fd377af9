"""The whole language in one file, against the sections of our own modules and the types of our own providers."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from mlinfra.config import expand, load_stack, publish_schema
from mlinfra.core.address import Address
from mlinfra.core.language import Language
from mlinfra.core.stack import Stack
from mlinfra.core.value import Ref, Secret
from mlinfra.documents.findings import Findings
from mlinfra.documents.yaml import parse
from mlinfra.session.reading import catalogue
from tests.config.project import Project

EXAMPLE = (Path(__file__).parent / "whole-language.yaml").read_text()


@pytest.fixture(scope="module")
def language() -> Language:
    return catalogue.language()


@pytest.fixture
def stack(project: Project, language: Language) -> Stack:
    project.write("", ".git")
    project.write("network: {cidr: 10.0.0.0/8}\n", "base.yaml")
    loaded, notes = load_stack(project.write(EXAMPLE, "stacks/stack.yaml"), language, environ={})
    assert [one.summary.partition(":")[0] for one in notes] == [
        "the stack shared has no effect",
        "lifecycle.hibernate has no effect",
    ]
    return loaded


def test_the_whole_language_loads(stack: Stack, language: Language) -> None:
    assert set(stack.sections) == set(language.sections)
    assert stack.sections["network"]["cidr"] == "10.40.0.0/16"
    assert stack.sections["cluster"]["version"] == "1.35"
    assert stack.sections["nodeGroups"]["inference"]["max"] == 8
    assert stack.tags["cost-center"] == "4411"
    assert stack.resources["hook"].properties["value"] == Secret("sm", "recsys/webhook", "url")
    assert stack.outputs["registry"] == Ref(Address("registries.models"), ("url",))


def test_every_value_of_it_has_an_origin(stack: Stack, language: Language) -> None:
    rows = expand(stack, language)
    assert all(row.origin == "default" or row.origin.startswith("stacks/stack.yaml:") for row in rows)
    assert any(row.origin == "default" and row.path.startswith("nodeGroups.inference.") for row in rows)
    assert any(row.path.startswith("nodeGroups.training.capacity") for row in rows)


@pytest.mark.parametrize("dropped", ["", "extends: [../base.yaml]"])
def test_it_satisfies_the_published_schema_whole_or_laid_upon_another(language: Language, dropped: str) -> None:
    root = parse(EXAMPLE.replace(dropped, ""), "stack.yaml", Findings())
    assert root is not None
    schema = publish_schema(language)
    Draft202012Validator.check_schema(schema)
    assert [error.json_path for error in Draft202012Validator(schema).iter_errors(root.plain())] == []
