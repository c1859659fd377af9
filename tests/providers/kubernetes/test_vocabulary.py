"""What is known of built-in kinds is what the Kubernetes project publishes, and Pulumi calls it the same."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import kubernetes_validate
import pytest
from jsonschema import Draft202012Validator

from mlinfra.core.property import Kind as Shape
from mlinfra.core.property import Replace, lineage_of
from mlinfra.core.value import Properties, Secret
from mlinfra.documents.findings import Findings
from mlinfra.documents.schema import Schema
from mlinfra.documents.yaml import read
from mlinfra.providers.kubernetes import immutable
from mlinfra.providers.kubernetes.manifest import Manifest
from mlinfra.providers.kubernetes.schemas import schema_of
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.providers.kubernetes.types import Types, type_of
from mlinfra.providers.kubernetes.validation import complaints
from mlinfra.providers.kubernetes.vocabulary import built_in_kinds, definition, split
from tests.providers.kubernetes import derive
from tests.providers.kubernetes.cluster import NAMESPACE, Cluster, Operation
from tests.providers.kubernetes.samples import SAMPLES
from tests.vocabulary.vocabulary import complaints as pulumi_complaints
from tests.vocabulary.vocabulary import resource_class

NEWEST = ("1.35", "1.36", "1.37")


def test_the_file_is_what_the_published_schemas_say() -> None:
    written = derive.spelt(derive.vocabulary())
    assert files("mlinfra.providers.kubernetes").joinpath("vocabulary.json").read_text() == written


def test_every_token_is_read_back() -> None:
    for token in Types():
        assert Kind.of(token).token == token
        assert type_of(token).token == token
    assert len(Types()) == len(built_in_kinds())


@pytest.mark.parametrize("token", ["aws:s3/bucket:Bucket", "kubernetes:helm.sh/v3:Release", "kubernetes:v1:Pod", "x"])
def test_what_is_no_kind_of_object_is_no_type(token: str) -> None:
    assert token not in Types()


@pytest.mark.parametrize("token", list(Types()))
def test_pulumi_knows_the_kind_by_the_same_token_and_fields(token: str) -> None:
    kind = Kind.of(token)
    try:
        cls = resource_class(token)
    except LookupError:
        assert kind.name in _KNOWN_ABSENT, token
        return
    assert cls is not None


# Reviews are asked, not made; the rest is written by the cluster itself, or newer than Pulumi's classes.
_KNOWN_ABSENT = frozenset(
    {
        "Binding",
        "Event",
        "SelfSubjectReview",
        "TokenReview",
        "LocalSubjectAccessReview",
        "SelfSubjectAccessReview",
        "SelfSubjectRulesReview",
        "SubjectAccessReview",
    }
)


@pytest.mark.parametrize("token", sorted(SAMPLES))
def test_pulumi_understands_every_sample(token: str) -> None:
    assert list(pulumi_complaints(token, SAMPLES[token])) == []


@pytest.mark.parametrize("token", sorted(SAMPLES))
def test_we_have_nothing_against_a_sample_and_neither_has_its_schema(token: str) -> None:
    assert list(complaints(Kind.of(token), SAMPLES[token])) == []


@pytest.mark.parametrize("token", sorted(SAMPLES))
@pytest.mark.parametrize("version", NEWEST)
def test_what_is_applied_passes_the_published_schemas(token: str, version: str, cluster: Cluster) -> None:
    kind = Kind.of(token)
    place = cluster.provider.api.discovery.place(kind)
    target = cluster.target(token, SAMPLES[token])
    body = Manifest(place, target.properties, target.owner, cluster.secret).body
    kubernetes_validate.validate(body, version, strict=True)


@pytest.fixture(scope="module")
def furnished(cluster: Cluster) -> Cluster:
    """A cluster with the namespace of the samples."""
    cluster.make(NAMESPACE, {"metadata": {"name": "samples"}})
    return cluster


@pytest.mark.parametrize("token", sorted(SAMPLES))
def test_a_sample_that_was_made_differs_in_nothing(token: str, furnished: Cluster) -> None:
    properties = _unawaited(SAMPLES[token])
    cluster = furnished
    made = cluster.provider.create(cluster.target(token, properties), Operation())
    found = cluster.difference(token, properties, properties, made.id)
    assert [field.path for field in found.fields] == []
    assert found.kept == ()
    cluster.remove(token, made)


def _unawaited(properties: Properties) -> Properties:
    """Its readiness is another test's affair."""
    metadata = properties["metadata"]
    notes = {**metadata.get("annotations", {}), "pulumi.com/skipAwait": "true"}
    return {**properties, "metadata": {**metadata, "annotations": notes}}


@pytest.mark.parametrize("same", sorted({*immutable.FIXED, *immutable.SEALED}))
def test_what_cannot_be_changed_is_a_field_of_its_kind(same: tuple[str, str]) -> None:
    tokens = [token for token in Types() if Kind.of(token).same == same]
    assert tokens, same
    for token in tokens:
        inputs = type_of(token).inputs
        for table in (immutable.FIXED, immutable.FREE, immutable.SEALED):
            for path in immutable.paths(table, same):
                assert len(lineage_of(inputs, path)) == len(path) + 1, path
        for path in immutable.paths(immutable.FIXED, same):
            marked = [declared.replace for declared in lineage_of(inputs, path)]
            below = lineage_of(inputs, path)[-1].fields.values() if same in immutable.FREE else ()
            assert Replace.DELETE_FIRST in [*marked, *(one.replace for one in below)], path


@pytest.mark.parametrize("token", list(Types()))
def test_no_property_is_such_that_it_could_not_be_taken_out_of_a_stack(token: str) -> None:
    """Whatever is applied no more is given up: nothing is declared to be kept."""
    for name, declared in type_of(token).inputs.fields.items():
        assert declared.default is None or declared.kind is Shape.STRING, name


def test_every_code_of_the_file_is_understood() -> None:
    shapes = set()
    for kind in built_in_kinds().values():
        shapes |= set(_walk(kind.definition, set()))
    assert shapes == {"any", "block", "list", "map", "scalar", "set"}


def _walk(name: str, seen: set[str]) -> Any:
    if name in seen:
        return
    seen.add(name)
    for code in definition(name).fields.values():
        shape, _, inner = split(code)
        yield shape
        while shape in ("list", "map", "set"):
            shape, _, inner = split(inner)
        if shape == "block":
            yield from _walk(inner, seen)


@pytest.mark.parametrize("token", sorted(SAMPLES))
def test_the_schema_for_stack_files_admits_every_sample(token: str) -> None:
    findings = Findings()
    assert Draft202012Validator.check_schema(schema_of(token)) is None
    document = read(json.dumps(_spelt(SAMPLES[token])).encode(), "sample.json", findings)
    assert document is not None
    Schema(schema_of(token)).load(document.root, findings)
    assert [one.summary for one in findings.diagnostics()] == []


def _spelt(value: Any) -> Any:
    """The sample as a stack file has it: a text where a secret is referred to."""
    if isinstance(value, dict):
        return {key: _spelt(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_spelt(item) for item in value]
    return "a text" if isinstance(value, Secret) else value
