"""R1 and R3 in a cluster: deaths before and after each of its mutating calls, and answers that are lost."""

from __future__ import annotations

import base64
import itertools
import json
import signal
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from mlinfra.sandbox.kubernetes.faults import DROPPED, Call, Serve
from mlinfra.sandbox.kubernetes.requests import Response
from mlinfra.session import Options, open_session
from tests.providers.kubernetes.cluster import Cluster, cluster_with

from . import points
from .place import KILLED, STACK
from .process import Process

# Which mutating call of each stage is struck, in `make test`; the long form strikes every one.
SAMPLE = ["kill/2/before", "kill/4/after", "lose/5/after"]
MOST = 9
_MUTATING = ("create:", "patch:", "update:", "delete:")


class Striking:
    """Stands beside the calls of a cluster, and strikes the n-th that changes something."""

    def __init__(self) -> None:
        self.victim: Process | None = None
        self.struck = False
        self._how, self._when, self._ahead = "", "", 0

    def arm(self, how: str, number: int, when: str) -> None:
        """From now on the n-th is struck."""
        self._how, self._when, self._ahead, self.struck = how, when, number, False

    def disarm(self) -> None:
        """Nothing is struck any more."""
        self._ahead = 0

    def attend(self, call: Call, serve: Serve) -> Response:
        if not call.operation.startswith(_MUTATING) or self._ahead <= 0:
            return serve()
        self._ahead -= 1
        if self._ahead:
            return serve()
        self.struck = True
        if self._when == "after":
            serve().close()
        if self._how == "kill" and self.victim is not None:
            self.victim.signal(signal.SIGKILL)
        return DROPPED


class Place:
    """One cluster and one folder, in which one stack lives through several runs."""

    def __init__(self, cluster: Cluster, striking: Striking, folder: Path) -> None:
        self.cluster, self.striking, self.folder = cluster, striking, folder
        self._logs = itertools.count(1)
        authority = base64.b64encode(cluster.endpoint.authority.encode()).decode()
        about = {"server": cluster.endpoint.server, "certificate-authority-data": authority}
        document = {
            "current-context": "here",
            "clusters": [{"name": "c", "cluster": about}],
            "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
            "users": [{"name": "u", "user": {"token": "any"}}],
        }
        (folder / "kubeconfig").write_text(json.dumps(document))

    def write(self, resources: dict[str, Any]) -> None:
        target = {"platform": "kubernetes", "kubeconfig": "kubeconfig"}
        head = {"apiVersion": "mlinfra/v1", "kind": "Stack", "metadata": {"name": "serving"}, "target": target}
        policies: dict[str, list[str]] = {"packs": []}  # what a pod should say is another test's affair
        (self.folder / STACK).write_text(json.dumps({**head, "policies": policies, "resources": resources}))

    def run(self, command: str) -> tuple[int, str]:
        environ = {"NO_COLOR": "1", "HOME": str(self.folder), "SERVING_KEY": "k3y-of-serving"}
        process = Process((command, STACK, "--yes"), self.folder, environ, self.folder / f"run-{next(self._logs)}.log")
        self.striking.victim = process
        return process.end(), process.printed()

    def settle(self, command: str) -> None:
        code, printed = self.run(command)
        assert code == 0, printed

    def left(self) -> list[str]:
        """Every object that bears our marks, whatever the state says."""
        with chdir(self.folder):
            return [f"{owned.type} {owned.id}" for owned in open_session(Options(STACK)).inventory()]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    striking = Striking()
    with cluster_with(attendant=striking.attend) as cluster:
        yield Place(cluster, striking, tmp_path)


def named(name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "serving"}, **more}


def declared(size: str, label: str, *, door: bool) -> dict[str, Any]:
    """The stack: a change of `size` updates, one of `label` replaces, and without `door` something goes."""
    labels = {"app": label}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "example.com/web:1"}]}}
    web = {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod}
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": free}}
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    kind = {"group": "test.example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    core, definition = "kubernetes:core/v1", "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
    found = {
        "space": (f"{core}:Namespace", {"metadata": {"name": "serving"}}),
        "settings": (f"{core}:ConfigMap", named("settings", data={"size": size})),
        "key": (f"{core}:Secret", named("key", stringData={"key": "${secret.env:SERVING_KEY}"})),
        "web": ("kubernetes:apps/v1:Deployment", named("web", spec=web)),
        "definition": (definition, {"metadata": {"name": "widgets.test.example.com"}, "spec": kind}),
        "widget": ("kubernetes:test.example.com/v1:Widget", named("one", spec={"size": size})),
    }
    if door:
        ports = {"selector": labels, "ports": [{"port": 80}]}
        found["door"] = (f"{core}:Service", named("web", spec=ports))
    return {name: {"type": token, "properties": properties} for name, (token, properties) in found.items()}


STAGES = (
    declared("1", "web", door=True),
    declared("2", "web", door=True),
    declared("2", "new", door=False),
)


def survive(point: str, place: Place) -> None:
    """One point: at each stage the n-th mutating call is struck; the same command, run again, converges."""
    how, number, when = point.split("/")
    for resources in STAGES:
        place.write(resources)
        strike(place, how, int(number), when, "apply")
        place.settle("apply")
        with chdir(place.folder):
            session = open_session(Options(STACK))
            assert [str(step.key) for step in session.plan().steps] == []
            state = session.state()
        assert state is not None
        assert (state.verify(), state.pending, state.deposed) == ((), (), ())
        assert len(place.left()) == len(resources)
    strike(place, how, int(number), when, "destroy")
    place.settle("destroy")
    assert place.left() == []
    assert "serving" not in place.cluster.kubectl.names("v1/namespaces", namespace=None)


def strike(place: Place, how: str, number: int, when: str, command: str) -> None:
    place.striking.arm(how, number, when)
    code, printed = place.run(command)
    place.striking.disarm()
    expected = KILLED if how == "kill" and place.striking.struck else 0
    assert code == expected, printed


EVERY = [f"kill/{n}/{when}" for n in range(1, MOST) for when in ("before", "after")] + [
    f"lose/{n}/{when}" for n in range(1, MOST) for when in ("before", "after")
]


@pytest.mark.parametrize("point", SAMPLE)
def test_a_struck_run_is_run_again_and_converges(point: str, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVING_KEY", "k3y-of-serving")
    survive(point, place)


@pytest.mark.long
@points.sharded
def test_every_struck_call(
    shard: int, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVING_KEY", "k3y-of-serving")

    def experiment(point: str) -> None:
        striking = Striking()
        with cluster_with(attendant=striking.attend) as cluster:
            survive(point, Place(cluster, striking, tmp_path_factory.mktemp("place")))

    points.run("R1 in a cluster", shard, EVERY, experiment)
