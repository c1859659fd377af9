"""Before anything is planned, each release says which very chart it is of; what cannot be is refused with its line."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.clock import SystemClock
from mlinfra.core.errors import ConfigError
from mlinfra.core.resource import Connection, Graph, Resource
from mlinfra.core.source import Source
from mlinfra.core.value import Concat, Ref, Secret
from mlinfra.providers.helm.chart import read_chart
from mlinfra.providers.helm.codes import Code
from mlinfra.providers.helm.no_cluster import NoCluster
from mlinfra.providers.helm.pinning import pinned
from mlinfra.providers.helm.provider import HelmProvider
from mlinfra.providers.helm.release_type import RELEASE
from mlinfra.providers.helm.sdk import SdkHelm
from mlinfra.providers.helm.work import Means
from tests.providers.helm.place import CHARTS, LOCAL

WEB = Address("resources.web")
PASSWORD = Secret("sm", "recsys/db", "password")
LATER = Ref(Address("roles.web"), ("arn",))


def graph(**properties: Any) -> Graph:
    source = Source("stack.yaml", 7, 3)
    return Graph.of([Resource(WEB, RELEASE, properties, Connection("helm", "one"), source=source)])


def settled(root: Path = CHARTS, **properties: Any) -> Any:
    return pinned(graph(**properties), LOCAL, root).resources[WEB].properties


def refusal(**properties: Any) -> Any:
    with pytest.raises(ConfigError) as caught:
        pinned(graph(**properties), LOCAL, CHARTS)
    (found,) = caught.value.diagnostics
    assert found.source == Source("stack.yaml", 7, 3)
    return found


def test_a_folder_is_pinned_by_what_is_in_it(tmp_path: Path) -> None:
    shutil.copytree(CHARTS / "web", tmp_path / "web")
    first = settled(tmp_path, chart="web")
    assert first == {
        "chart": "web",
        "namespace": "default",
        "version": f"0.1.0@sha256:{read_chart(CHARTS / 'web').digest}",
        "manifest": {},
    }
    (tmp_path / "web" / ".swap").write_text("an editor's")
    assert settled(tmp_path, chart="web") == first
    (tmp_path / "web" / "templates" / "NOTES.txt").write_text("other words")
    assert settled(tmp_path, chart="web") != first


def test_what_is_not_the_pinned_chart_is_refused() -> None:
    found = refusal(chart="web", version="0.1.0@sha256:" + "0" * 64)
    assert found.code == Code.OTHER_DIGEST
    assert "resources.web: web 0.1.0 is another chart than the one that is pinned" in found.summary


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"chart": "nothing"}, Code.BAD_REFERENCE),
        ({"chart": LATER}, Code.BAD_REFERENCE),
        ({"chart": "web", "version": "0.2.0"}, Code.NO_CHART),
        ({"chart": "web", "version": "0.1.0@sha256:12"}, Code.BAD_REFERENCE),
        ({"chart": "templates"}, Code.BAD_REFERENCE),
        ({"chart": "keda", "repositoryOpts": {"repo": "https://example.com"}}, Code.BAD_REFERENCE),
        ({"chart": "web", "values": {"db": {"password": PASSWORD}}}, Code.SECRET_IN_VALUES),
        ({"chart": "web", "values": {"urls": [Concat(("postgres://", PASSWORD))]}}, Code.SECRET_IN_VALUES),
    ],
)
def test_what_cannot_be_is_refused(properties: Any, code: Code) -> None:
    assert refusal(**properties).code == code


def test_a_secret_is_named_with_its_path_and_what_to_do() -> None:
    found = refusal(chart="web", values={"db": {"password": PASSWORD}})
    assert found.summary == "resources.web: values.db.password is a secret"
    assert "External Secrets" in found.hint


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"replicas": 2}, []),
        (
            {"replicas": "two", "image": 3},
            ["values.image: got number, want string", "values.replicas: got string, want integer"],
        ),
        ({"replicas": LATER}, []),
        ({"replicas": LATER, "image": 3}, ["values.image: got number, want string"]),
    ],
)
def test_values_are_held_against_the_schema_of_the_chart(values: Any, said: list[str]) -> None:
    means = Means(helm=SdkHelm(None), cluster=NoCluster(""), charts=LOCAL, clock=SystemClock(), root=CHARTS)
    found = list(HelmProvider(means).validate(RELEASE, {"chart": "web", "name": "web", "values": values}))
    assert sorted(found) == said
