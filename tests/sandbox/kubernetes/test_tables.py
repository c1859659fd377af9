"""Tables: ages, JSON paths of columns, and the cells of the kinds that people list."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mlinfra.sandbox.kubernetes.builtin_kinds import builtin_kinds
from mlinfra.sandbox.kubernetes.jsonpath import find_first
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind, Kind, Registry
from mlinfra.sandbox.kubernetes.tables import age, make_table
from mlinfra.sandbox.kubernetes.values import Json, Object
from tests.sandbox.kubernetes.client import NOW

REGISTRY = Registry(builtin_kinds(lambda _: True))


@pytest.mark.parametrize(
    ("elapsed", "shown"),
    [
        (timedelta(seconds=5), "5s"),
        (timedelta(seconds=119), "119s"),
        (timedelta(minutes=3, seconds=12), "3m12s"),
        (timedelta(minutes=45), "45m"),
        (timedelta(hours=4, minutes=2), "4h2m"),
        (timedelta(hours=26), "26h"),
        (timedelta(days=3, hours=5), "3d5h"),
        (timedelta(days=40), "40d"),
        (timedelta(days=800), "2y70d"),
    ],
)
def test_ages_are_told_as_kubectl_tells_them(elapsed: timedelta, shown: str) -> None:
    assert age((NOW - elapsed).strftime("%Y-%m-%dT%H:%M:%SZ"), NOW) == shown


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.size", 3),
        ("spec.size", 3),
        (".spec.parts[0].name", "x"),
        (".spec.parts[-1].name", "y"),
        (".spec.parts[*].name", "x"),
        ('.status.conditions[?(@.type=="Ready")].status', "True"),
        (".status.conditions[?(@.type=='Other')].status", None),
        (".metadata.annotations.example\\.com/a", "v"),
        (".metadata.annotations['example.com/a']", "v"),
        (".absent.at.all", None),
    ],
)
def test_a_columns_path_finds_its_value(path: str, found: Json) -> None:
    obj = {
        "metadata": {"annotations": {"example.com/a": "v"}},
        "spec": {"size": 3, "parts": [{"name": "x"}, {"name": "y"}]},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    assert find_first(obj, path) == found


def cells(kind: GroupVersionKind, **parts: Json) -> dict[str, Json]:
    served = REGISTRY.get(kind)
    assert served is not None
    obj: Object = {"metadata": {"name": "it", "creationTimestamp": "2026-11-21T09:29:00Z"}, **parts}
    table = make_table(served, [obj], {}, NOW, "None")
    names = [column["name"] for column in table["columnDefinitions"]]
    (row,) = table["rows"]
    assert len(names) == len(row["cells"])
    return dict(zip(names, row["cells"], strict=True))


def test_a_pod_shows_why_it_waits() -> None:
    waiting = {"ready": False, "restartCount": 2, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    ready = {"ready": True, "restartCount": 1, "state": {"running": {}}}
    status = {"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": [ready, waiting]}
    spec = {"nodeName": "n1", "containers": [{"name": "a"}, {"name": "b"}]}
    shown = cells(GroupVersionKind("", "v1", "Pod"), spec=spec, status=status)
    assert [shown[name] for name in ("Ready", "Status", "Restarts", "Age", "IP", "Node")] == [
        "1/2", "CrashLoopBackOff", "3", "60s", "10.0.0.1", "n1",
    ]  # fmt: skip


def test_a_node_shows_its_state_and_roles() -> None:
    status = {
        "conditions": [{"type": "Ready", "status": "True"}],
        "nodeInfo": {"kubeletVersion": "v1.33.1"},
        "addresses": [{"type": "InternalIP", "address": "10.0.0.9"}],
    }
    shown = cells(GroupVersionKind("", "v1", "Node"), spec={"unschedulable": True}, status=status)
    assert (shown["Status"], shown["Roles"], shown["Version"], shown["Internal-IP"]) == (
        "Ready,SchedulingDisabled", "<none>", "v1.33.1", "10.0.0.9",
    )  # fmt: skip


def test_a_service_shows_where_it_is_reached() -> None:
    spec = {"type": "LoadBalancer", "clusterIP": "10.100.0.9", "ports": [{"port": 80, "nodePort": 30001}]}
    kind = GroupVersionKind("", "v1", "Service")
    assert cells(kind, spec=spec)["External-IP"] == "<pending>"
    status = {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}
    shown = cells(kind, spec=spec, status=status)
    assert (shown["External-IP"], shown["Port(s)"]) == ("lb.example.com", "80:30001/TCP")


@pytest.mark.parametrize("kind", [kind for kind in REGISTRY if "list" in kind.verbs], ids=lambda kind: kind.resource)
def test_every_kind_has_a_row_for_an_empty_object(kind: Kind) -> None:
    assert cells(kind.gvk)["Name"] == "it"


def test_an_event_shows_when_it_was_last_seen_and_what_it_is_about() -> None:
    about = {"kind": "Pod", "name": "web-1"}
    shown = cells(
        GroupVersionKind("", "v1", "Event"),
        type="Warning",
        reason="FailedScheduling",
        message=" 0/3 nodes are available ",
        involvedObject=about,
        firstTimestamp="2026-11-21T09:00:00Z",
        lastTimestamp="2026-11-21T09:29:30Z",
    )
    assert [shown[name] for name in ("Last Seen", "Type", "Reason", "Object", "Message", "First Seen")] == [
        "30s", "Warning", "FailedScheduling", "pod/web-1", "0/3 nodes are available", "30m",
    ]  # fmt: skip


def test_a_job_shows_how_long_it_took() -> None:
    times = {"startTime": "2026-11-21T09:00:00Z", "completionTime": "2026-11-21T09:00:42Z"}
    complete = {"type": "Complete", "status": "True"}
    spec = {"completions": 1}
    shown = cells(
        GroupVersionKind("batch", "v1", "Job"), spec=spec, status={**times, "succeeded": 1, "conditions": [complete]}
    )
    assert (shown["Status"], shown["Completions"], shown["Duration"]) == ("Complete", "1/1", "42s")


def test_an_autoscaler_shows_its_targets() -> None:
    metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}
    spec = {"maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "web"},
            "metrics": [{"type": "Resource", "resource": metric}]}  # fmt: skip
    kind = GroupVersionKind("autoscaling", "v2", "HorizontalPodAutoscaler")
    assert cells(kind, spec=spec)["Targets"] == "cpu: <unknown>/50%"
    told = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 80}}}
    assert cells(kind, spec=spec, status={"currentMetrics": [told]})["Targets"] == "cpu: 80%/50%"


def test_a_quota_shows_what_is_used_of_requests_and_limits() -> None:
    status = {"hard": {"limits.cpu": "4", "pods": "9", "requests.cpu": "2"}, "used": {"pods": "3", "limits.cpu": "1"}}
    shown = cells(GroupVersionKind("", "v1", "ResourceQuota"), status=status)
    assert shown == {"Name": "it", "Age": "60s", "Request": "pods: 3/9, requests.cpu: 0/2", "Limit": "limits.cpu: 1/4"}


def test_a_budget_and_a_binding_show_what_they_are_about() -> None:
    budget = cells(
        GroupVersionKind("policy", "v1", "PodDisruptionBudget"),
        spec={"maxUnavailable": "25%"},
        status={"disruptionsAllowed": 2},
    )
    assert list(budget.values()) == ["it", "N/A", "25%", 2, "60s"]
    binding = cells(
        GroupVersionKind("rbac.authorization.k8s.io", "v1", "RoleBinding"),
        roleRef={"kind": "Role", "name": "reader"},
        subjects=[{"kind": "User", "name": "ana"}, {"kind": "ServiceAccount", "namespace": "ops", "name": "bot"}],
    )
    assert [binding[name] for name in ("Role", "Users", "Groups", "ServiceAccounts")] == [
        "Role/reader", "ana", "", "ops/bot",
    ]  # fmt: skip


def test_endpoints_name_three_of_their_addresses() -> None:
    subset = {"addresses": [{"ip": f"10.0.0.{n}"} for n in range(5)], "ports": [{"port": 80}]}
    shown = cells(GroupVersionKind("", "v1", "Endpoints"), subsets=[subset])
    assert shown["Endpoints"] == "10.0.0.0:80,10.0.0.1:80,10.0.0.2:80 + 2 more..."
    assert cells(GroupVersionKind("", "v1", "Endpoints"))["Endpoints"] == "<none>"
