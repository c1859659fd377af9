"""What a cluster demands in view of its other objects: priorities, limit ranges, quotas, and webhooks that are down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from mlinfra.sandbox.kubernetes.cluster import KubernetesCluster
from mlinfra.sandbox.kubernetes.values import Object
from tests.sandbox.kubernetes.client import NOW, VERSION, Client, Refused, config_map, connect

PODS = "v1/pods"
CLASSES = "scheduling.k8s.io/v1/priorityclasses"
WEBHOOKS = "admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


class Outage:
    """Webhooks that are down, by name."""

    def __init__(self) -> None:
        self.down: dict[str, str] = {}

    def __call__(self, operation: str, detail: Mapping[str, str]) -> str | None:
        assert operation == "call:webhook"
        return self.down.get(detail["webhook"])


@pytest.fixture
def outage() -> Outage:
    return Outage()


@pytest.fixture
def api(outage: Outage) -> Iterator[Client]:
    cluster = KubernetesCluster("strict", version=VERSION, clock=lambda: NOW, obstacles=outage)
    with connect(cluster) as http:
        yield Client(http)
    cluster.stop()


def pod(name: str, resources: Object | None = None, **spec: object) -> Object:
    container = {"name": "main", "image": "app:1", **({"resources": resources} if resources else {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container], **spec}}


def priority_class(name: str, value: int, **more: object) -> Object:
    return {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": value,
            **more}  # fmt: skip


def limit_range(kind: str, **bounds: object) -> Object:
    spec = {"limits": [{"type": kind, **bounds}]}
    return {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "limits"}, "spec": spec}


def quota(hard: Object, **spec: object) -> Object:
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": hard, **spec}}


def refusal(api: Client, resource: str, obj: Object, namespace: str | None = "") -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        api.create(resource, obj, namespace)
    return caught.value.code, caught.value.message


def test_a_pod_tolerates_the_taints_of_the_devices_it_asks_for(api: Client) -> None:
    wanted = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
    made = api.create(PODS, pod("a", {"limits": {"nvidia.com/gpu": "1", "cpu": "1"}}))
    found = [item for item in made["spec"]["tolerations"] if not item["key"].startswith("node.kubernetes.io/")]
    assert found == [wanted]
    again = api.create(PODS, pod("b", {"limits": {"nvidia.com/gpu": "1"}}, tolerations=[wanted]))
    assert [item for item in again["spec"]["tolerations"] if item["key"] == "nvidia.com/gpu"] == [wanted]
    assert not any(item["key"] == "cpu" for item in api.create(PODS, pod("c"))["spec"]["tolerations"])


def test_a_pod_gets_the_priority_of_its_class(api: Client) -> None:
    api.create(CLASSES, priority_class("training", 1000, preemptionPolicy="Never"), namespace=None)
    spec = api.create(PODS, pod("a", priorityClassName="training"))["spec"]
    assert (spec["priority"], spec["preemptionPolicy"]) == (1000, "Never")
    system = api.create(PODS, pod("b", priorityClassName="system-node-critical"))["spec"]
    assert (system["priority"], system["preemptionPolicy"]) == (2_000_001_000, "PreemptLowerPriority")
    assert api.create(PODS, pod("c"))["spec"]["priority"] == 0


def test_the_default_class_is_for_pods_that_name_none(api: Client) -> None:
    api.create(CLASSES, priority_class("usual", 7, globalDefault=True), namespace=None)
    spec = api.create(PODS, pod("a"))["spec"]
    assert (spec["priority"], spec["priorityClassName"]) == (7, "usual")
    told = refusal(api, CLASSES, priority_class("other", 8, globalDefault=True), None)
    assert told[0] == 403
    assert "usual is already marked as default" in told[1]


def test_a_class_that_is_not_there_and_a_priority_of_ones_own_are_refused(api: Client) -> None:
    code, text = refusal(api, PODS, pod("a", priorityClassName="none"))
    assert (code, text) == (403, 'pods "a" is forbidden: no PriorityClass with name none was found')
    code, text = refusal(api, PODS, pod("a", priority=5))
    assert code == 403
    assert "the integer value of priority (5) must not be provided in pod spec" in text
    assert refusal(api, CLASSES, priority_class("huge", 2_000_000_000), None)[0] == 403


def test_containers_get_the_requests_and_limits_that_they_lack(api: Client) -> None:
    made = api.create("v1/limitranges", limit_range("Container", default={"cpu": "500m"}, min={"memory": "1Mi"}))
    assert made["spec"]["limits"][0]["defaultRequest"] == {"cpu": "500m", "memory": "1Mi"}
    found = api.create(PODS, pod("a", {"limits": {"memory": "1Gi"}}))
    assert found["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "500m", "memory": "1Gi"},
        "requests": {"cpu": "500m", "memory": "1Gi"},
    }
    note = "LimitRanger plugin set: cpu request for container main; cpu limit for container main"
    assert found["metadata"]["annotations"] == {"kubernetes.io/limit-ranger": note}
    assert found["status"]["qosClass"] == "Guaranteed"


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        ({"limits": {"cpu": "3"}}, "maximum cpu usage per Container is 2, but limit is 3"),
        ({"requests": {"cpu": "1m"}, "limits": {"cpu": "1"}},
         "minimum cpu usage per Container is 10m, but request is 1m"),
    ],
)  # fmt: skip
def test_a_container_outside_the_bounds_is_refused(api: Client, resources: Object, why: str) -> None:
    api.create("v1/limitranges", limit_range("Container", min={"cpu": "10m"}, max={"cpu": "2"}))
    assert refusal(api, PODS, pod("a", resources)) == (403, f'pods "a" is forbidden: {why}')


def test_a_claim_has_bounds_too(api: Client) -> None:
    api.create("v1/limitranges", limit_range("PersistentVolumeClaim", max={"storage": "10Gi"}))
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "11Gi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": spec}
    code, text = refusal(api, "v1/persistentvolumeclaims", claim)
    assert code == 403
    assert "maximum storage usage per PersistentVolumeClaim is 10Gi, but limit is 11Gi" in text


def test_a_quota_says_what_was_asked_used_and_allowed(api: Client) -> None:
    api.create("v1/resourcequotas", quota({"pods": "2", "requests.nvidia.com/gpu": "8"}))
    gpus = {"limits": {"nvidia.com/gpu": "6"}}
    api.create(PODS, pod("a", gpus))
    why = (
        "exceeded quota: q, requested: requests.nvidia.com/gpu=6, used: requests.nvidia.com/gpu=6, "
        "limited: requests.nvidia.com/gpu=8"
    )
    assert refusal(api, PODS, pod("b", gpus)) == (403, f'pods "b" is forbidden: {why}')
    api.create(PODS, pod("b"))
    assert "requested: pods=1, used: pods=2, limited: pods=2" in refusal(api, PODS, pod("c"))[1]
    api.patch(PODS, "b/status", {"status": {"phase": "Succeeded"}})
    api.create(PODS, pod("c"))


def test_a_quota_of_processors_demands_that_pods_say_what_they_need(api: Client) -> None:
    api.create("v1/resourcequotas", quota({"limits.memory": "1Gi", "requests.cpu": "1"}))
    why = "failed quota: q: must specify limits.memory for: main; requests.cpu for: main"
    assert refusal(api, PODS, pod("a")) == (403, f'pods "a" is forbidden: {why}')
    large = pod("a", {"limits": {"memory": "2Gi", "cpu": "500m"}})
    assert (
        "requested: limits.memory=2Gi, used: limits.memory=0, limited: limits.memory=1Gi"
        in (refusal(api, PODS, large)[1])
    )


def test_a_quota_counts_objects_and_heeds_its_scopes(api: Client) -> None:
    api.create("v1/resourcequotas", quota({"count/configmaps": "1"}))
    api.create("v1/configmaps", config_map("a"))
    assert refusal(api, "v1/configmaps", config_map("b"))[0] == 403
    api.create(CLASSES, priority_class("training", 1000), namespace=None)
    demand = {"scopeName": "PriorityClass", "operator": "In", "values": ["training"]}
    limited = quota({"pods": "0"}, scopeSelector={"matchExpressions": [demand]})
    api.create("v1/resourcequotas", {**limited, "metadata": {"name": "training"}})
    assert refusal(api, PODS, pod("a", priorityClassName="training"))[0] == 403
    api.create(PODS, pod("a"))


def webhook(policy: str = "Fail", **more: object) -> Object:
    rule = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
    service = {"name": "judge", "namespace": "ops", "path": "/ask"}
    entry = {"name": "judge.example.com", "rules": [rule], "clientConfig": {"service": service}, "sideEffects": "None",
             "admissionReviewVersions": ["v1"], "failurePolicy": policy, **more}  # fmt: skip
    head = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
    return {**head, "metadata": {"name": "judge"}, "webhooks": [entry]}


def test_a_webhook_that_is_down_refuses_what_it_would_judge(api: Client, outage: Outage) -> None:
    api.create(WEBHOOKS, webhook(), namespace=None)
    api.create("v1/configmaps", config_map("before"))
    outage.down["judge.example.com"] = ""
    code, text = refusal(api, "v1/configmaps", config_map("a"))
    assert code == 500
    assert text == (
        'Internal error occurred: failed calling webhook "judge.example.com": failed to call webhook: '
        'Post "https://judge.ops.svc:443/ask?timeout=10s": no endpoints available for service "judge"'
    )
    api.create(PODS, pod("not-its-business"))
    api.patch("v1/configmaps", "before", {"data": {"a": "b"}})
    api.delete(WEBHOOKS, "judge", namespace=None)
    api.create("v1/configmaps", config_map("a"))


@pytest.mark.parametrize(
    "more",
    [
        {"policy": "Ignore"},
        {"namespaceSelector": {"matchLabels": {"judged": "yes"}}},
        {"objectSelector": {"matchLabels": {"judged": "yes"}}},
    ],
)
def test_a_webhook_that_may_fail_or_is_not_for_the_object_hinders_nobody(
    api: Client, outage: Outage, more: dict[str, object]
) -> None:
    outage.down["judge.example.com"] = "connection refused"
    api.create(WEBHOOKS, webhook(**more), namespace=None)  # type: ignore[arg-type]
    api.create("v1/configmaps", config_map("a"))
