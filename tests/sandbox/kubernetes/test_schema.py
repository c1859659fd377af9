"""Schemas: which version's are taken, and what they say of merging."""

from __future__ import annotations

import pytest

from mlinfra.sandbox.kubernetes.builtin_kinds import builtin_kinds
from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind
from mlinfra.sandbox.kubernetes.schema import Schema, Schemas, load_definitions

DEVICE_CLASS = GroupVersionKind("resource.k8s.io", "v1", "DeviceClass")


def schema_of(group: str, version: str, kind: str) -> Schema:
    found = Schemas(load_definitions("1.33")).get(GroupVersionKind(group, version, kind))
    assert found is not None
    return found


@pytest.mark.parametrize("version", ["1.32", "1.33", "1.34", "1.35", "1.36"])
def test_each_version_serves_the_kinds_that_its_schemas_have(version: str) -> None:
    definitions = load_definitions(version)
    kinds = {kind.gvk for kind in builtin_kinds(lambda gvk: definitions.name_of(gvk) is not None)}
    assert GroupVersionKind("apps", "v1", "Deployment") in kinds
    assert (DEVICE_CLASS in kinds) is (version >= "1.34")


def test_a_version_newer_than_any_takes_the_newest_and_an_impossible_one_is_refused() -> None:
    assert DEVICE_CLASS in {
        kind.gvk for kind in builtin_kinds(lambda g: load_definitions("1.99").name_of(g) is not None)
    }
    for version in ("0.9", "latest"):
        with pytest.raises(ApiError):
            load_definitions(version)


def test_lists_and_maps_say_how_they_merge() -> None:
    spec = schema_of("", "v1", "Service").fields["spec"]
    ports = spec.fields["ports"]
    assert (ports.list_type, ports.list_keys, ports.key_defaults) == ("map", ("port", "protocol"), {"protocol": "TCP"})
    assert ports.merge_key == "port"
    assert spec.fields["selector"].atomic_map
    assert schema_of("", "v1", "ConfigMap").fields["metadata"].fields["finalizers"].list_type == "set"
    assert schema_of("", "v1", "PodTemplate").fields["template"].fields["spec"].fields["tolerations"].list_type == (
        "atomic"
    )


def test_free_form_parts_take_anything() -> None:
    revision = schema_of("apps", "v1", "ControllerRevision")
    assert revision.fields["data"].opaque
    assert not schema_of("", "v1", "ConfigMap").opaque
