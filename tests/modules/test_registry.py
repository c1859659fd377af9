from __future__ import annotations

from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.value import Ref
from tests.library.samples import codes, graph_of, of_type, properties, refusals


def _repository(**inputs: Any) -> dict[str, Any]:
    return properties(graph_of({"registries": {"models": inputs}}), "registries.models")


def test_by_default_tags_stay_images_are_scanned_and_nothing_is_lost() -> None:
    repository = _repository()
    assert (repository["name"], repository["imageTagMutability"]) == ("demo/models", "IMMUTABLE")
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert repository["encryptionConfigurations"] == [{"encryptionType": "AES256"}]
    assert repository["forceDelete"] is False


def test_each_choice_changes_what_it_should() -> None:
    repository = _repository(immutable=False, scanOnPush=False, encryption="kms")
    assert repository["imageTagMutability"] == "MUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": False}
    assert repository["encryptionConfigurations"] == [{"encryptionType": "KMS"}]


def test_the_repository_of_an_ephemeral_stack_goes_with_its_images() -> None:
    graph = graph_of({"registries": {"models": {}}}, environment="ephemeral")
    assert properties(graph, "registries.models")["forceDelete"] is True


def test_old_images_go_unless_all_are_kept() -> None:
    lifecycle = properties(graph_of({"registries": {"models": {"keepLast": 7}}}), "registries.models.lifecycle")
    (rule,) = lifecycle["policy"].content["rules"]
    assert rule["selection"]["countNumber"] == 7
    assert lifecycle["repository"] == Ref(Address("registries.models"), ("name",))
    assert len(graph_of({"registries": {"models": {"keepLast": 0}}}).resources) == 1


def test_a_mirror_is_a_rule_for_each_upstream_under_one_prefix() -> None:
    sections = {"registries": {"mirror": {"pullThrough": ["public.ecr.aws", "quay.io"]}}}
    graph = graph_of(sections, outputs={"url": Ref(Address("registries.mirror"), ("url",))})
    rules = of_type(graph, "aws:ecr/pullThroughCacheRule:PullThroughCacheRule")
    assert {one.properties["ecrRepositoryPrefix"]: one.properties["upstreamRegistryUrl"] for one in rules} == {
        "demo/mirror/ecr-public": "public.ecr.aws",
        "demo/mirror/quay": "quay.io",
    }
    assert len(graph.resources) == 2
    assert graph.outputs["url"] == "123456789012.dkr.ecr.us-east-1.amazonaws.com/demo/mirror"


def test_a_mirror_may_have_a_prefix_of_its_own() -> None:
    graph = graph_of({"registries": {"mirror": {"pullThrough": ["quay.io"], "prefix": "hub"}}})
    assert properties(graph, "registries.mirror.quay")["ecrRepositoryPrefix"] == "hub/quay"


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"prefix": "hub"}, [("MLI2401", "registries.mirror.prefix")]),
        ({"pullThrough": ["quay.io"], "keepLast": 3}, [("MLI2401", "registries.mirror")]),
        ({"pullThrough": ["quay.io", "quay.io"]}, [("MLI2401", "registries.mirror.pullThrough")]),
        (
            {"pullThrough": ["quay.io"], "prefix": "a-prefix-that-is-far-too-long"},
            [("MLI2402", "registries.mirror.pullThrough")],
        ),
    ],
)
def test_registries_that_cannot_be_are_refused(inputs: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert codes(refusals({"registries": {"mirror": inputs}})) == expected
