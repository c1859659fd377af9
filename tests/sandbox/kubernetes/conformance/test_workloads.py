"""What stands behind the API: scheduling, rollouts, jobs, and the end of pods."""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.values import Object, Objects
from tests.sandbox.kubernetes.client import Client, deployment, eventually

DEPLOY = "apps/v1/deployments"
PODS = "v1/pods"
PAUSE = "registry.k8s.io/pause:3.10"
BUSYBOX = "registry.k8s.io/e2e-test-images/busybox:1.29-4"


def pod(name: str, requests: Object | None = None, limits: Object | None = None, **spec: object) -> Object:
    resources = {"resources": {"requests": requests, "limits": limits or {}}} if requests else {}
    containers = [{"name": "main", "image": PAUSE, **resources}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": containers, **spec}}


def condition(obj: Object, kind: str) -> Object:
    found: Objects = obj.get("status", {}).get("conditions") or []
    return next((item for item in found if item["type"] == kind), {})


def unschedulable(api: Client, name: str) -> str:
    """Why the scheduler finds no place for a pod, in its condition and in its event alike."""
    assert eventually(lambda: condition(api.get(PODS, name), "PodScheduled").get("status") == "False")
    said = condition(api.get(PODS, name), "PodScheduled")
    assert said["reason"] == "Unschedulable"
    selector = f"involvedObject.name={name},reason=FailedScheduling"
    assert eventually(lambda: bool(api.get("v1/events", fieldSelector=selector)["items"]))
    event = api.get("v1/events", fieldSelector=selector)["items"][0]
    assert event["type"] == "Warning"
    assert event["message"] == said["message"]
    return str(said["message"])


def is_available(api: Client, name: str, generation: int) -> bool:
    found = api.get(DEPLOY, name)
    status, wanted = found.get("status", {}), found["spec"]["replicas"]
    counts = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas", "readyReplicas")]
    return status.get("observedGeneration") == generation and counts == [wanted] * 4


def test_a_pod_that_no_node_suits_says_so(api: Client) -> None:
    api.create(PODS, pod("lost", nodeSelector={"mlinfra.dev/no-such-label": "x"}))
    message = unschedulable(api, "lost")
    assert message.startswith("0/")
    assert "nodes are available: " in message
    assert "node(s) didn't match Pod's node affinity/selector" in message
    assert "preemption: 0/" in message


def test_a_pod_that_is_too_large_says_what_is_missing(api: Client) -> None:
    api.create(PODS, pod("large", {"cpu": "100k", "nvidia.com/gpu": "1000"}, {"nvidia.com/gpu": "1000"}))
    message = unschedulable(api, "large")
    assert "Insufficient cpu" in message
    assert "Insufficient nvidia.com/gpu" in message


def test_a_pod_runs_is_ready_and_ends_when_it_is_deleted(api: Client) -> None:
    api.create(PODS, pod("p", terminationGracePeriodSeconds=1))
    assert eventually(lambda: condition(api.get(PODS, "p"), "Ready").get("status") == "True")
    found = api.get(PODS, "p")
    assert found["spec"]["nodeName"] in [
        node["metadata"]["name"] for node in api.get("v1/nodes", namespace=None)["items"]
    ]
    assert found["status"]["phase"] == "Running"
    assert found["status"]["podIP"]
    assert {condition(found, kind)["status"] for kind in ("PodScheduled", "Initialized", "ContainersReady")} == {"True"}
    marked = api.delete(PODS, "p")["metadata"]
    assert marked["deletionGracePeriodSeconds"] == 1
    assert eventually(lambda: "p" not in api.names(PODS))


def test_a_deployment_rolls_out_and_keeps_its_revisions(api: Client) -> None:
    api.create(DEPLOY, deployment("web", replicas=2, image=PAUSE))
    assert eventually(lambda: is_available(api, "web", 1))
    (first,) = api.get("apps/v1/replicasets", labelSelector="app=web")["items"]
    (owner,) = first["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["controller"]) == ("Deployment", "web", True)
    assert first["metadata"]["name"] == f"web-{first['metadata']['labels']['pod-template-hash']}"
    change = {"spec": {"template": {"metadata": {"annotations": {"round": "2"}}}}}
    api.patch(DEPLOY, "web", change)
    assert eventually(lambda: is_available(api, "web", 2))
    found = api.get(DEPLOY, "web")
    assert found["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"
    assert condition(found, "Progressing")["reason"] == "NewReplicaSetAvailable"
    assert condition(found, "Available")["reason"] == "MinimumReplicasAvailable"
    sets = api.get("apps/v1/replicasets", labelSelector="app=web")["items"]
    assert {item["metadata"]["name"]: item["spec"]["replicas"] for item in sets} == {
        item["metadata"]["name"]: 0 if item["metadata"]["uid"] == first["metadata"]["uid"] else 2 for item in sets
    }
    api.delete(DEPLOY, "web")
    assert eventually(lambda: not api.get(PODS, labelSelector="app=web")["items"])


def test_a_rollout_that_cannot_pull_its_image_leaves_the_old_pods(api: Client) -> None:
    api.create(DEPLOY, deployment("web", replicas=2, image=PAUSE))
    assert eventually(lambda: is_available(api, "web", 1))
    broken = {"name": "main", "image": "registry.invalid/none:1"}
    notes = {"annotations": {"sandbox.mlinfra.dev/fail": "image-pull"}}  # a real cluster needs no telling
    api.patch(DEPLOY, "web", {"spec": {"template": {"metadata": notes, "spec": {"containers": [broken]}}}})

    def reasons() -> set[str]:
        pods = api.get(PODS, labelSelector="app=web")["items"]
        states = [status["state"] for item in pods for status in item["status"].get("containerStatuses") or ()]
        return {state["waiting"].get("reason", "") for state in states if "waiting" in state}

    assert eventually(lambda: bool(reasons() & {"ErrImagePull", "ImagePullBackOff"}))
    status = api.get(DEPLOY, "web")["status"]
    assert (status["updatedReplicas"], status["availableReplicas"], status["unavailableReplicas"]) == (1, 2, 1)


def test_a_job_completes(api: Client) -> None:
    containers = [{"name": "main", "image": BUSYBOX, "command": ["true"]}]
    template = {"spec": {"restartPolicy": "Never", "containers": containers}}
    spec = {"template": template, "completions": 2, "parallelism": 2}
    api.create("batch/v1/jobs", {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": spec})
    assert eventually(lambda: condition(api.get("batch/v1/jobs", "j"), "Complete").get("status") == "True")
    status = api.get("batch/v1/jobs", "j")["status"]
    assert status["succeeded"] == 2
    assert status["completionTime"] >= status["startTime"]
    pods = api.get(PODS, labelSelector="batch.kubernetes.io/job-name=j")["items"]
    assert {item["status"]["phase"] for item in pods} == {"Succeeded"}


def test_an_eviction_waits_for_its_budget(api: Client) -> None:
    api.create(DEPLOY, deployment("web", replicas=2, image=PAUSE))
    budget = {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}
    head = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}}
    api.create("policy/v1/poddisruptionbudgets", {**head, "spec": budget})
    assert eventually(lambda: is_available(api, "web", 1))

    def healthy() -> int:
        found = api.get("policy/v1/poddisruptionbudgets", "web").get("status", {})
        return int(found.get("currentHealthy", 0))

    assert eventually(lambda: healthy() == 2)
    name = api.get(PODS, labelSelector="app=web")["items"][0]["metadata"]["name"]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
    answer = api.http.post(api.path(PODS, f"{name}/eviction"), json=eviction)
    assert answer.status_code == 429
    (cause,) = answer.json()["details"]["causes"]
    assert cause["reason"] == "DisruptionBudget"
    assert cause["message"] == "The disruption budget web needs 2 healthy pods and has 2 currently"
    api.patch("policy/v1/poddisruptionbudgets", "web", {"spec": {"minAvailable": 1}})
    assert eventually(lambda: api.http.post(api.path(PODS, f"{name}/eviction"), json=eviction).status_code == 201)
