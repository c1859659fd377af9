"""What a tired engineer reads of a container, a certificate, an autoscaler: the cause, not what it looks like."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlinfra.core.health import Severity, Trouble
from mlinfra.health.growth import grow
from mlinfra.health.judgement import judge
from mlinfra.health.seen import Group, Seen

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
EXEC = 'unable to start container process: exec: "serve": executable file not found in $PATH: unknown'
CNI = 'plugin type="aws-cni" name="aws-cni" failed (add): dial tcp 127.0.0.1:50051: connect: connection refused'
SECURITY_GROUPS = "SecurityGroupSelector did not match any SecurityGroups"


def ago(**time: float) -> str:
    return (NOW - timedelta(**time)).isoformat()


def live(name: str, *conditions: dict[str, str], age: float = 90, **status: Any) -> dict[str, Any]:
    about = {"name": name, "namespace": "a", "uid": name, "creationTimestamp": ago(minutes=age)}
    return {"metadata": about, "spec": {}, "status": {"conditions": list(conditions), **status}}


def told(said: str = "", **objects: dict[str, Any]) -> Trouble:
    """The one trouble of these objects; `said` is a warning about the one that is called `x`."""
    warning: dict[str, Any] = {
        "metadata": {"name": "e"},
        "type": "Warning",
        "reason": "FailedCreatePodSandBox",
        "message": said,
        "involvedObject": {"uid": "x"},
    }
    seen: dict[str, tuple[Any, ...]] = {kind: (one,) for kind, one in objects.items()}
    (trouble,) = judge("recsys", Seen(now=NOW, objects={**seen, "Event": ((warning,) if said else ())})).troubles
    return trouble


def of_container(exit_code: int = 0, waiting: str = "CrashLoopBackOff", message: str = "", said: str = "") -> Trouble:
    state = {"waiting": {"reason": waiting, "message": message}}
    last = {"terminated": {"exitCode": exit_code, "reason": "Error"}}
    container = {"name": "main", "restartCount": 7, "state": state, "lastState": last}
    pod = live("x", phase="Running", containerStatuses=[container])
    pod["spec"] = {"nodeName": "n", "containers": [{"name": "main", "image": "app:1"}]}
    return told(said, Pod=pod)


def test_a_container_that_its_probe_ends_is_not_said_to_lack_memory() -> None:
    trouble = of_container(137, said="Liveness probe failed: HTTP probe failed with statuscode: 503")
    assert trouble.words.startswith("container main is ended again and again by its own liveness probe: Liveness")
    assert "memory limit" not in of_container(137).remedy


def test_a_program_that_comes_to_its_end_is_told_so() -> None:
    assert of_container(0).remedy.startswith("its program is done and ends, and a pod like that has to go on")


def test_a_command_that_the_image_does_not_have_is_named() -> None:
    trouble = of_container(128, "RunContainerError", EXEC)
    assert trouble.words == "container main cannot be started: serve is no program of its image"
    assert trouble.remedy.startswith("mend its command, or the image app:1")


def test_a_node_whose_network_plugin_is_silent_is_said_to_be_so() -> None:
    pod = live("x", phase="Pending", startTime=ago(minutes=1))
    pod["spec"] = {"nodeName": "n"}
    assert told(CNI, Pod=pod).words == "the network plugin of its node does not answer, so that it gets no address"


@pytest.mark.parametrize(("finalizers", "why"), [(["a/b"], "the finalizer a/b keeps it"), ([], "its node n does not")])
def test_a_pod_that_does_not_go_is_told_with_what_holds_it(finalizers: list[str], why: str) -> None:
    pod = live("x", phase="Running")
    pod["metadata"] |= {"deletionTimestamp": ago(minutes=20), "finalizers": finalizers}
    pod["spec"] = {"nodeName": "n"}
    assert told(Pod=pod).words.startswith(f"it was deleted and does not go, since 08:40 UTC (20 minutes): {why}")


@pytest.mark.parametrize(("age", "severity"), [(1, Severity.NOTE), (90, Severity.BROKEN)])
def test_a_certificate_has_some_minutes_to_be_issued(age: float, severity: Severity) -> None:
    unready = {"type": "Ready", "status": "False", "message": "Issuing certificate"}
    assert told(Certificate=live("x", unready, age=age)).severity is severity


def test_a_certificate_that_ends_within_a_day_says_in_how_many_hours() -> None:
    until = (NOW + timedelta(hours=22, minutes=1)).isoformat()
    ready = {"type": "Ready", "status": "True"}
    assert told(Certificate=live("x", ready, notAfter=until)).words == "it ends in 22 hours, and was not renewed"


def test_an_autoscaler_that_falls_back_is_no_healthy_one() -> None:
    conditions = ({"type": "Ready", "status": "True"}, {"type": "Fallback", "status": "True", "message": "no metrics"})
    assert "its replicas are those that it falls back to: no metrics" in told(ScaledObject=live("x", *conditions)).words


def test_a_node_pool_says_what_its_class_lacks() -> None:
    pool = live("gpu", {"type": "Ready", "status": "False", "message": "NodeClassReady=False"})
    pool["spec"] = {"template": {"spec": {"nodeClassRef": {"kind": "EC2NodeClass", "name": "gpu"}}}}
    lacking = {"type": "SecurityGroupsReady", "status": "False", "message": SECURITY_GROUPS}
    node_class = live("gpu", {"type": "Ready", "status": "False", "message": "SecurityGroupsReady=False"}, lacking)
    del node_class["metadata"]["namespace"]
    assert told(NodePool=pool, EC2NodeClass=node_class).words == f"it is not ready: {SECURITY_GROUPS}"


@pytest.mark.parametrize(
    ("replicas", "said"),
    [
        (None, "and nothing does that by itself here: add `autoscaling`, or raise nodeGroups.gpu.min"),
        (0, "and the autoscaler, which would do that, does not run: see what is said of it"),
        (1, ": the autoscaler adds a machine, which takes some minutes"),
    ],
)
def test_an_autoscaler_that_does_not_run_is_not_advised_to_be_added(replicas: int | None, said: str) -> None:
    autoscaler = live("cluster-autoscaler", availableReplicas=replicas or 0)
    there = {} if replicas is None else {"Deployment": (autoscaler,)}
    advice = grow(Seen(now=NOW, objects=there), [Group(name="gpu", maximum=4)])
    assert advice.startswith("group gpu may grow from 0 to 4")
    assert advice.endswith(said)


def test_machines_of_which_no_node_can_be_read_are_not_said_to_have_stayed_away() -> None:
    group = Group(name="gpu", desired=1, machines=1, maximum=4)
    unread, empty = ({"Pod": ()}, {"Pod": (), "Node": ()})
    found = [list(judge("recsys", Seen(now=NOW, groups=(group,), objects=one)).troubles) for one in (unread, empty)]
    assert [[trouble.words for trouble in troubles] for troubles in found] == [
        [],
        ["it has 1 machine, and only 0 joined the cluster"],
    ]
