"""What every declaration must hold to, whatever the type: the machinery relies on it."""

from __future__ import annotations

import re

import pytest

from mlinfra.core.resource_type import OwnedBy
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.providers.aws.template import Call
from mlinfra.providers.aws.validation import input_rule

TYPES = list(catalogue().values())
every_type = pytest.mark.parametrize("kind", TYPES, ids=[kind.token for kind in TYPES])


@every_type
def test_every_input_is_carried_by_the_creation_or_by_an_update(kind: AwsType) -> None:
    carried = set(kind.create.properties()) | {name for update in kind.updates for name in update.fields}
    unsaid = {name for name, declared in kind.about.inputs.fields.items() if name not in carried}
    created = {name for name in unsaid if kind.about.inputs.fields[name].initial}
    assert unsaid - {"tags"} - created == set()


@every_type
def test_every_input_that_does_not_replace_has_an_update(kind: AwsType) -> None:
    updated = {name for update in kind.updates for name in update.fields} | {"tags"}
    fixed = {
        name
        for name, declared in kind.about.inputs.fields.items()
        if declared.replace is not None
        or declared.initial
        or (declared.fields and all(f.replace is not None or f.initial for f in declared.fields.values()))
    }
    assert set(kind.about.inputs.fields) - updated - fixed == set()


@every_type
def test_updates_name_inputs_that_there_are(kind: AwsType) -> None:
    assert {name for update in kind.updates for name in update.fields} <= set(kind.about.inputs.fields)


@every_type
def test_references_name_types_that_are_declared_or_not_yet(kind: AwsType) -> None:
    for token in kind.about.references():
        assert re.fullmatch(r"aws:[a-z0-9]+/[a-zA-Z0-9]+:[A-Z][A-Za-z0-9]+", token)


@every_type
def test_what_bears_tags_says_how(kind: AwsType) -> None:
    assert (kind.tagging is not None) == kind.about.taggable
    if kind.about.taggable:
        assert not kind.about.maps_tags or kind.about.inputs.fields["tags"] is TAGS_PROPERTY
        assert kind.about.owned_by is OwnedBy.TAGS
    else:
        assert kind.about.owned_by is not OwnedBy.TAGS


@every_type
def test_keys_names_parents_and_ids_are_inputs_or_made(kind: AwsType) -> None:
    inputs = set(kind.about.inputs.fields)
    assert set(kind.about.key) <= inputs
    assert kind.about.name is None or kind.about.name.property in inputs
    assert (kind.about.owned_by is OwnedBy.PARENT) == bool(kind.about.parent)
    if kind.about.owned_by is OwnedBy.PARENT:
        assert kind.about.inputs.fields[kind.about.parent].refers in catalogue()
    parts = set(re.findall(r"\{(\w+)\}", kind.id))
    assert parts <= inputs or kind.made


@every_type
def test_an_id_of_parts_spells_them_out(kind: AwsType) -> None:
    parts = {name: f"{name}-1" for name in re.findall(r"\{(\w+)\}", kind.id)}
    below = {name: {field: f"{field}-1"} for name, field in re.findall(r"\{(\w+)\[(\w+)\]\}", kind.id)}
    if parts:
        assert kind.parts_of(kind.id.format_map({**parts, **below})) == parts


@every_type
def test_every_declared_call_is_one_that_aws_has(kind: AwsType) -> None:
    updates = [call for update in kind.updates if isinstance(update.by, tuple) for call in update.by]
    tagging = [kind.tagging.add, kind.tagging.remove, kind.tagging.read] if kind.tagging is not None else []
    reading = [kind.reading.listing, kind.reading.one]
    for call in (kind.create, kind.delete, *updates, *tagging, *reading):
        if isinstance(call, Call):
            rule = input_rule(call.service or kind.service, call.operation)
            assert set(call.params) <= set(rule.members)


def test_tokens_are_unique_and_every_service_file_is_found() -> None:
    assert {"aws:ec2/vpc:Vpc", "aws:eks/nodeGroup:NodeGroup", "aws:ssm/parameter:Parameter"} <= set(catalogue())
