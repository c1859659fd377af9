"""Every value that we set is one that the chart, at the version that we pin, has."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.library.addon import RELEASE, chart_reference
from mlinfra.library.contract import Chart
from tests.library.samples import LIBRARY
from tests.modules.cases import graphs
from tests.modules.charts import FOLDER, chart_file, complaints, source

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"there are no facts about charts in {FOLDER}: MLINFRA_CHARTS says where they are"
)

# Their repositories fill the version in at release.
_STAMPED = {"cert-manager", "base", "istiod", "gateway", "gpu-operator", "knative-operator", "flyte-binary"}
_CHARTS = {
    (module.name, chart.name): chart
    for module in LIBRARY.modules.values()
    if module.contract is not None
    for chart in module.contract.every_chart
}
_RELEASES = {
    f"{case}: {one.address}": one.properties for case, graph in graphs().items() for one in graph if one.type == RELEASE
}


def test_there_are_releases() -> None:
    assert len(_RELEASES) >= len(_CHARTS) > 0


# Of these no facts lie there; their values were read in their repositories, at the commit that they name.
_READ_ELSEWHERE = {"kserve-runtime-configs"}
# Keys that templates ask for and no default names (config/charts/knative-operator/templates/operator.yaml).
_IN_TEMPLATES = {f"knative_operator.{one}.securityContext" for one in ("knative_operator", "operator_webhook")}


@pytest.mark.parametrize("chart", _CHARTS.values(), ids=lambda chart: chart.name)
def test_a_chart_is_pinned_to_the_version_that_was_looked_at(chart: Chart) -> None:
    if chart.name not in _STAMPED | _READ_ELSEWHERE:
        assert chart.version == str(chart_file(chart.name)["version"])
        assert chart.app_version == str(chart_file(chart.name).get("appVersion", ""))
        assert (source(chart.name)["commit"] in chart.source, chart.looked_up) == (True, source(chart.name)["date"])


@pytest.mark.parametrize("name", sorted(_RELEASES))
def test_a_chart_has_every_key_that_is_set(name: str) -> None:
    properties = _RELEASES[name]
    chart = _chart_of(properties).name
    if chart not in _READ_ELSEWHERE:
        assert set(complaints(chart, properties["values"])) <= _IN_TEMPLATES


def _chart_of(properties: dict[str, Any]) -> Chart:
    """The chart of a contract that a release is made of: there is no release of any other."""
    (found,) = {one for one in _CHARTS.values() if chart_reference(one).items() <= properties.items()}
    return found


@pytest.mark.parametrize(
    ("chart", "values", "complaint"),
    [
        ("metrics-server", {"replica": 2}, ["replica"]),
        ("metrics-server", {"podDisruptionBudget": {"minAvailable": 1, "most": 1}}, ["podDisruptionBudget.most"]),
        ("metrics-server", {"podSecurityContext": {"anything": True}}, []),
        ("kube-prometheus-stack", {"grafana": {"adminUser": "me", "replicas": 2, "nobody": 1}}, ["grafana.nobody"]),
    ],
)
def test_a_key_that_a_chart_lacks_is_complained_about(chart: str, values: dict[str, Any], complaint: list[str]) -> None:
    assert list(complaints(chart, values)) == complaint
