"""What charts bring is held to rules as well: rendered with a release's own values, at its address and its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.clock import SystemClock
from mlinfra.core.plan import Action
from mlinfra.core.provider import Connect
from mlinfra.core.resource import Connection, Graph, Resource
from mlinfra.core.source import Source
from mlinfra.core.value import Properties, Ref
from mlinfra.policy.evaluation import judge
from mlinfra.policy.finding import Finding
from mlinfra.providers.helm.no_cluster import NoCluster
from mlinfra.providers.helm.provider import HelmProvider
from mlinfra.providers.helm.release_type import RELEASE
from mlinfra.providers.helm.sdk import SdkHelm
from mlinfra.providers.helm.work import Means
from mlinfra.session.plans.brought import brought
from tests.policy.books import plan, stack, waiver
from tests.policy.test_rules import BOOK
from tests.providers.helm.place import LOCAL

TODAY = date(2026, 11, 24)
NAMESPACE = "kubernetes:core/v1:Namespace"
TEMPLATE = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  jobTemplate: {spec: {template: {spec: {hostNetwork: {{ .Values.host }}, containers: [{name: a, image: a}]}}}}
---
apiVersion: v1
kind: Pod
metadata: {name: prepare, annotations: {helm.sh/hook: pre-install}}
spec: {hostPID: {{ .Values.hook }}, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Service
metadata: {name: notebooks}
spec: {type: {{ .Values.service }}, ports: [{port: 8888}]}
"""


def with_charts_of(root: Path) -> Connect:
    """The way to releases, with charts in a folder and no cluster yet."""
    means = Means(helm=SdkHelm(None), cluster=NoCluster(""), charts=LOCAL, clock=SystemClock(), root=root)
    return lambda connection: HelmProvider(means)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "odd" / "templates").mkdir(parents=True)
    (tmp_path / "odd" / "Chart.yaml").write_text("apiVersion: v2\nname: odd\nversion: 0.1.0\n")
    (tmp_path / "odd" / "templates" / "all.yaml").write_text(TEMPLATE)
    return tmp_path


def held(root: Path, space: Properties | None = None, address: str = "resources.odd", **values: Any) -> list[Finding]:
    values = {"host": False, "hook": False, "service": "ClusterIP", **values}
    properties = {"name": "odd", "namespace": "jobs", "chart": "odd", "values": values}
    release = Resource(Address(address), RELEASE, properties, Connection("helm", "one"), source=Source("stack.yaml", 7))
    made = [
        Resource(
            Address("resources.space"), NAMESPACE, {"metadata": {"name": "jobs", **(space or {})}}, release.connection
        )
    ]
    graph = Graph.of([release, *made])
    of = stack(policies={"waive": [waiver("MLP-POD-001", "resources.waived")]})
    objects = brought(graph, with_charts_of(root))
    found = judge(BOOK, graph, None, of, TODAY, objects).findings
    return [one for one in found if one.rule.id in ("MLP-POD-001", "MLP-NET-011")]


def test_a_pod_of_a_chart_is_found_at_its_release(root: Path) -> None:
    (found,) = held(root, host=True)
    assert (found.rule.id, found.address, found.source) == ("MLP-POD-001", "resources.odd", Source("stack.yaml", 7))
    assert found.words == "CronJob jobs/nightly of its chart: it shares its node's Network"
    assert found.is_violation


def test_hooks_and_services_are_looked_at_too(root: Path) -> None:
    assert [one.rule.id for one in held(root, hook=True, service="LoadBalancer")] == ["MLP-NET-011", "MLP-POD-001"]
    assert held(root) == []


def test_what_depends_on_what_is_not_known_yet_is_undecided(root: Path) -> None:
    (found,) = held(root, host=Ref(Address("resources.a"), ("value",)))
    assert found.is_undecided


def test_a_namespace_that_says_why_excuses_its_charts_and_a_waiver_of_the_release_does_too(root: Path) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "privileged"}
    because = {"mlinfra/privileged-because": "its pods look at the devices of their node"}
    assert held(root, {"labels": labels, "annotations": because}, host=True) == []
    assert len(held(root, {"labels": labels}, host=True)) == 1
    (found,) = held(root, address="resources.waived", host=True)
    assert found.waiver is not None


def test_a_plan_of_other_targets_does_not_look_into_a_chart(root: Path) -> None:
    release = Resource(
        Address("resources.odd"),
        RELEASE,
        {"name": "odd", "namespace": "jobs", "chart": "odd", "values": {"host": True, "hook": False, "service": "x"}},
        Connection("helm", "one"),
    )
    graph = Graph.of([release])
    objects = brought(graph, with_charts_of(root))
    other = plan(("resources.other", NAMESPACE, Action.CREATE), partial=True)
    assert judge(BOOK, graph, other, stack(), TODAY, objects).findings == ()
