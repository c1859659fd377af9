"""Models as services: what their pods are, where they run, what scales them, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.core.value import Json
from tests.library.samples import codes, graph_of, properties, refusals
from tests.modules.cases import CLUSTER, Sections, endpoint, group

_GPU: Sections = {"cpu": 2, "memory": "8Gi", "gpu": 1}


def _pod(sections: Sections) -> dict[str, Any]:
    pod = properties(graph_of(sections), "endpoints.ranker")["spec"]["template"]["spec"]
    assert isinstance(pod, dict)
    return pod


def test_a_replica_has_its_memory_and_gpus_and_may_borrow_processors() -> None:
    (server,) = _pod(endpoint(resources=_GPU))["containers"]
    assert server["resources"] == {
        "requests": {"cpu": "2000m", "memory": "8Gi", "nvidia.com/gpu": "1"},
        "limits": {"memory": "8Gi", "nvidia.com/gpu": "1"},
    }


def test_what_wants_gpus_runs_where_they_are_whatever_keeps_others_away() -> None:
    pod = _pod(endpoint(resources=_GPU))
    (term,) = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "mlinfra/node-group", "operator": "In", "values": ["gpu"]}]
    assert pod["tolerations"] == [
        {"operator": "Equal", "key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
    ]


def test_a_group_is_known_by_its_name_in_the_stack_however_its_machines_are_bought() -> None:
    mixed = {"type": "mixed", "onDemandPercent": 25, "fallback": "on-demand"}
    sections = endpoint(resources=_GPU, nodeGroups=["gpu"])
    sections["nodeGroups"]["gpu"]["capacity"] = mixed
    (term,) = _pod(sections)["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    assert term["matchExpressions"][0]["values"] == ["gpu"]


def test_what_wants_none_leaves_gpu_nodes_alone() -> None:
    pod = _pod(endpoint())
    (term,) = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["values"] == ["system"]
    assert pod["tolerations"] == []


def test_of_several_groups_the_first_is_liked_best() -> None:
    sections = {**group(), "endpoints": {"ranker": {"model": "s3://acme/r", "nodeGroups": ["system", "gpu"]}}}
    liked = _pod(sections)["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert [(one["weight"], one["preference"]["matchExpressions"][0]["values"]) for one in liked] == [
        (100, ["system"]),
        (99, ["gpu"]),
    ]


def test_no_container_has_rights_and_no_pod_talks_to_kubernetes() -> None:
    graph = graph_of(endpoint())
    pod = _pod(endpoint())
    for container in [*pod["initContainers"], *pod["containers"]]:
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert properties(graph, "endpoints.ranker.service-account")["automountServiceAccountToken"] is False
    labels = properties(graph, "components.model-serving.namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_an_endpoint_reads_its_model_and_nothing_else() -> None:
    policy = properties(graph_of(endpoint()), "endpoints.ranker.role.policy")["policy"]
    assert isinstance(policy, Json)
    listing, reading, _ = policy.content["Statement"]
    assert listing["Resource"] == ["arn:aws:s3:::acme-models"]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["ranker/7", "ranker/7/*"]}}
    assert (reading["Action"], reading["Resource"]) == (["s3:GetObject"], ["arn:aws:s3:::acme-models/ranker/7/*"])


def test_replicas_follow_the_requests_in_flight() -> None:
    replicas = {"min": 1, "max": 12, "targetInFlight": 8, "window": "90s"}
    graph = graph_of(endpoint(replicas=replicas))
    spec = properties(graph, "endpoints.ranker.scaling")["spec"]
    (trigger,) = spec["triggers"]
    assert (spec["minReplicaCount"], spec["maxReplicaCount"], trigger["metadata"]["threshold"]) == (1, 12, "8")
    assert trigger["metadata"]["query"] == (
        'sum(rate(nv_inference_request_duration_us{namespace="serving",pod=~"ranker-[a-z0-9]+-[a-z0-9]+"}[90s])) / 1e6'
    )
    assert "replicas" not in properties(graph, "endpoints.ranker")["spec"]


def test_a_fixed_number_of_replicas_needs_nobody_to_scale_them() -> None:
    graph = graph_of(endpoint(replicas={"min": 2, "max": 2}))
    assert properties(graph, "endpoints.ranker")["spec"]["replicas"] == 2
    assert not [one.address for one in graph if one.address.is_within("components.keda")]


def test_the_version_of_the_server_is_chosen_once_for_all() -> None:
    sections = {**endpoint(), "runtimes": {"triton": {"version": "25.09"}}}
    (server,) = _pod(sections)["containers"]
    assert server["image"] == "nvcr.io/nvidia/tritonserver:25.09-py3"


@pytest.mark.parametrize(
    ("about", "wrong"),
    [
        ({"model": ""}, ("MLI2701", "endpoints.ranker")),
        ({"model": "hf://org/model"}, ("MLI2005", "endpoints.ranker.model")),
        ({"kind": "batch"}, ("MLI2005", "endpoints.ranker.kind")),
        ({"runtime": "vllm"}, ("MLI2005", "endpoints.ranker.runtime")),
        ({"nodeGroups": ["gpus"]}, ("MLI2702", "endpoints.ranker.nodeGroups[0]")),
        ({"nodeGroups": ["system"], "resources": _GPU}, ("MLI2702", "endpoints.ranker.nodeGroups[0]")),
        ({"resources": {**_GPU, "gpu": 8}}, ("MLI2702", "endpoints.ranker")),
        ({"replicas": {"min": 4, "max": 2}}, ("MLI2703", "endpoints.ranker.replicas.max")),
        ({"replicas": {"scaleToZero": True}}, ("MLI2005", "endpoints.ranker.replicas.scaleToZero")),
        (
            {"traffic": {"stable": {"model": "s3://a/b", "weight": 100}}},
            ("MLI2005", "endpoints.ranker.traffic"),
        ),
    ],
)
def test_what_an_endpoint_cannot_be_is_refused_at_its_line(about: Sections, wrong: tuple[str, str]) -> None:
    assert codes(refusals(endpoint(**about))) == [wrong]


def test_a_stack_without_nodes_says_so_for_whatever_wanted_them() -> None:
    found = refusals({**CLUSTER, "runtimes": {"kserve": {}}})
    assert {one.code for one in found} == {"MLI2207"}
    assert "for cert-manager, keda, kserve, metrics-server" in {one.detail for one in found}
