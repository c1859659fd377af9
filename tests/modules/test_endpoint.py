"""Models as services: what their pods are, where they run, what scales them, and what is refused."""

from __future__ import annotations

from typing import Any, cast

import pytest

from mlinfra.core.diagnostic import Severity
from mlinfra.core.value import Json
from tests.library.samples import codes, graph_of, properties, refusals
from tests.modules.cases import CLUSTER, Sections, endpoint, group

_WAKING = "keda-add-ons-http-interceptor-proxy.keda-http.svc.cluster.local"
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


@pytest.mark.parametrize(
    ("replicas", "idle"), [({"min": 0}, (0, None)), ({"min": 2, "max": 4, "scaleToZero": True}, (2, 0))]
)
def test_what_sleeps_is_called_as_before_and_woken_by_who_takes_its_requests(
    replicas: Sections, idle: tuple[int, int | None]
) -> None:
    graph = graph_of({**endpoint(replicas=replicas), "loadBalancers": {"web": {"domain": "acme.example"}}})
    called: Any = properties(graph, "endpoints.ranker.service")
    pods: Any = properties(graph, "endpoints.ranker.pods")
    assert (called["metadata"]["name"], called["spec"]["type"]) == ("ranker", "ExternalName")
    assert [one["port"] for one in called["spec"]["ports"]] == [8000]
    for port in ("http", "grpc"):
        route: Any = properties(graph, f"endpoints.ranker.waking.{port}")["spec"]
        assert route["target"]["service"] == pods["metadata"]["name"] == "ranker-pods"
        (rule,) = route["rules"]
        assert {"ranker", "ranker.serving.svc.cluster.local", "ranker.acme.example"} <= set(rule["hosts"])
    scaling: Any = properties(graph, "endpoints.ranker.scaling")["spec"]
    assert (scaling["minReplicaCount"], scaling.get("idleReplicaCount")) == idle
    assert [one["metadata"]["interceptorRoute"] for one in scaling["triggers"]] == ["ranker", "ranker-grpc"]
    assert "replicas" not in cast(Any, properties(graph, "endpoints.ranker"))["spec"]


@pytest.mark.parametrize("gateway", ["istio", "nginx"])
def test_requests_from_outside_wake_it_as_well_and_are_waited_for(gateway: str) -> None:
    balancers = {"web": {"domain": "acme.example", "gateway": gateway}}
    graph = graph_of({**endpoint(replicas={"min": 0}), "loadBalancers": balancers})
    route: Any = properties(graph, "endpoints.ranker.route.web")
    if gateway == "istio":
        held = [one["timeout"] for one in route["spec"]["http"] if "timeout" in one]
        to = [one["route"][0]["destination"] for one in route["spec"]["http"]]
        assert to == [{"host": _WAKING, "port": {"number": 8000}}] * len(to)
    else:
        held = [f"{route['metadata']['annotations']['nginx.ingress.kubernetes.io/proxy-read-timeout']}s"]
        alias: Any = properties(graph, "endpoints.ranker.service")
        to = [one["backend"]["service"] for one in route["spec"]["rules"][0]["http"]["paths"]]
        assert to == [{"name": alias["metadata"]["name"], "port": {"number": 8000}}] * len(to)
        assert alias["spec"]["externalName"] == _WAKING
    waits: Any = properties(graph, "endpoints.ranker.waking.http")["spec"]
    assert set(held) == {"330s"}
    assert waits["timeouts"]["readiness"] == "300s"


def test_a_plan_says_what_the_first_request_to_what_sleeps_waits_for() -> None:
    sections = endpoint(replicas={"min": 0}, resources=_GPU)
    sections["nodeGroups"]["gpu"]["min"] = 0
    graph = graph_of(sections)
    (note,) = [one for one in graph.notes if one.code == "MLI2733"]
    assert note.source is not None
    assert note.source.file == "endpoints.ranker.replicas"
    assert note.severity is Severity.NOTE
    assert "a node of gpu" in note.detail
    assert not [one for one in graph_of(endpoint()).notes if one.code == "MLI2733"]


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
        (
            {"model": "", "traffic": {"stable": {"model": "s3://a/b", "weight": 100}}},
            ("MLI2743", "endpoints.ranker.traffic"),
        ),
    ],
)
def test_what_an_endpoint_cannot_be_is_refused_at_its_line(about: Sections, wrong: tuple[str, str]) -> None:
    assert codes(refusals(endpoint(**about))) == [wrong]


@pytest.mark.parametrize(("gpus", "counted"), [(1, "1 GPU"), (2, "2 GPUs")])
def test_a_group_with_too_few_gpus_is_refused_in_plain_words(gpus: int, counted: str) -> None:
    (refusal,) = refusals(endpoint(nodeGroups=["system"], resources={**_GPU, "gpu": gpus}))
    assert f"a replica takes {counted}, and a node of system has 0" in refusal.summary


def test_a_stack_without_nodes_says_so_for_whatever_wanted_them() -> None:
    found = refusals({**CLUSTER, "runtimes": {"kserve": {}}})
    assert {one.code for one in found} == {"MLI2207"}
    assert "for cert-manager, keda, kserve, metrics-server" in {one.detail for one in found}


_SHARES = {
    "stable": {"model": "s3://acme-models/ranker/7", "weight": 90},
    "canary": {"model": "s3://acme-models/ranker/8", "weight": 10},
}


_THREE = {name: {"model": "s3://a/b", "weight": share} for name, share in (("a", 50), ("b", 30), ("c", 20))}


def _shared(gateway: str = "istio", **about: Any) -> Sections:
    balancers = {"web": {"domain": "acme.example", "gateway": gateway}}
    return {**group(), "loadBalancers": balancers, "endpoints": {"ranker": {"traffic": _SHARES, **about}}}


def test_models_share_requests_as_the_gateway_is_told_and_answer_to_one_name() -> None:
    graph = graph_of(_shared())
    spec: Any = properties(graph, "endpoints.ranker.route.web")["spec"]
    assert spec["hosts"] == ["ranker.acme.example"]
    for way in spec["http"]:
        shares = {one["destination"]["host"].partition(".")[0]: one["weight"] for one in way["route"]}
        assert shares == {"ranker-stable": 90, "ranker-canary": 10}
    for variant, version in (("stable", 7), ("canary", 8)):
        pod: Any = properties(graph, f"endpoints.ranker.{variant}")["spec"]
        (fetching,) = pod["template"]["spec"]["initContainers"]
        # Each is called what the endpoint is, so that a request fits whichever answers it.
        assert fetching["args"][-2:] == [f"s3://acme-models/ranker/{version}", "/models/ranker"]


def test_a_gateway_of_nginx_is_told_which_share_the_second_of_them_has() -> None:
    graph = graph_of(_shared("nginx"))
    stable, canary = (properties(graph, f"endpoints.ranker.route.web{one}") for one in ("", ".ranker-canary"))
    annotation = "nginx.ingress.kubernetes.io/canary"
    noted: Any = canary["metadata"]
    assert noted["annotations"] == {annotation: "true", f"{annotation}-weight": "10"}
    assert annotation not in cast(Any, stable)["metadata"]["annotations"]
    (first,), (second,) = (cast(Any, one)["spec"]["rules"] for one in (stable, canary))
    assert first["host"] == second["host"] == "ranker.acme.example"

    def without_backends(rule: Any) -> list[tuple[str, str]]:
        return [(one["path"], one["pathType"]) for one in rule["http"]["paths"]]

    # NGINX adds the second to those paths of the first that are spelt the same, and to no other.
    assert without_backends(first) == without_backends(second)
    backends = [{one["backend"]["service"]["name"] for one in rule["http"]["paths"]} for rule in (first, second)]
    assert backends == [{"ranker-stable"}, {"ranker-canary"}]


def test_each_of_the_models_reads_its_own_folder_alone() -> None:
    graph = graph_of(_shared())
    for variant, version in (("stable", 7), ("canary", 8)):
        policy: Any = properties(graph, f"endpoints.ranker.role.{variant}.policy")["policy"]
        assert policy.content["Statement"][1]["Resource"] == [f"arn:aws:s3:::acme-models/ranker/{version}/*"]


def test_the_model_may_be_named_once_more_beside_its_share() -> None:
    assert graph_of(_shared(model="s3://acme-models/ranker/7")).resources == graph_of(_shared()).resources


@pytest.mark.parametrize(
    ("sections", "wrong"),
    [
        (_shared(model="s3://acme-models/ranker/6"), ("MLI2743", "endpoints.ranker.model")),
        (
            _shared(traffic={**_SHARES, "canary": {"model": "s3://a/b", "weight": 20}}),
            ("MLI2743", "endpoints.ranker.traffic"),
        ),
        (_shared("nginx", traffic=_THREE), ("MLI2743", "endpoints.ranker.traffic")),
        (_shared(replicas={"scaleToZero": True}), ("MLI2703", "endpoints.ranker.traffic")),
        (
            _shared(traffic={**_SHARES, "canary": {"model": "hf://a/b", "weight": 10}}),
            ("MLI2005", "endpoints.ranker.traffic.canary.model"),
        ),
    ],
)
def test_shares_that_make_no_sense_are_refused(sections: Sections, wrong: tuple[str, str]) -> None:
    assert codes(refusals(sections)) == [wrong]
