"""What goes with a namespace, or with the definition of its kind, says so itself."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.providers.helm.release_type import RELEASE_TYPE
from mlinfra.providers.kubernetes.types import type_of

NAMESPACE, DEFINITION = "kubernetes:core/v1:Namespace", "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"


def held(token: str, properties: dict[str, Any]) -> set[str]:
    holds = type_of(token).holds
    return set(holds(properties)) if holds is not None else set()


def around(token: str, **metadata: str) -> set[str]:
    lies_in = type_of(token).lies_in
    assert lies_in is not None
    return set(lies_in({"metadata": metadata}))


@pytest.mark.parametrize(
    "token",
    ["kubernetes:core/v1:PersistentVolumeClaim", "kubernetes:apps/v1:Deployment", "kubernetes:ray.io/v1:RayJob"],
)
def test_what_has_a_namespace_lies_in_it(token: str) -> None:
    team = held(NAMESPACE, {"metadata": {"name": "team"}})
    assert team <= around(token, name="one", namespace="team")
    assert not team & around(token, name="one", namespace="others")
    assert not team & around(token, name="one")


def test_a_release_lies_in_its_namespace() -> None:
    assert RELEASE_TYPE.lies_in is not None
    assert set(RELEASE_TYPE.lies_in({"name": "kuberay", "namespace": "team"})) == held(
        NAMESPACE, {"metadata": {"name": "team"}}
    )


def test_custom_resources_of_any_version_go_with_their_definition() -> None:
    definition = held(DEFINITION, {"spec": {"group": "ray.io", "names": {"kind": "RayJob", "plural": "rayjobs"}}})
    assert definition <= around("kubernetes:ray.io/v1:RayJob", name="one")
    assert definition <= around("kubernetes:ray.io/v1alpha1:RayJob", name="one", namespace="team")
    assert not definition & around("kubernetes:ray.io/v1:RayCluster", name="one")
    assert not definition & around("kubernetes:other.io/v1:RayJob", name="one")


def test_what_is_not_known_yet_is_no_room() -> None:
    assert held(NAMESPACE, {"metadata": {}}) == held(DEFINITION, {"spec": {}}) == set()
