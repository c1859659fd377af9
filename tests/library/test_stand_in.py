"""A chart that cannot be fetched is stood in for by what its contract promises."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlinfra.library.contract import Chart, Contract
from mlinfra.library.stand_in import stand_in
from tests.library.samples import LIBRARY, graph_of, properties
from tests.modules.cases import CLUSTER, SYSTEM

_CONTRACTS = {
    chart.name: (chart, module.contract)
    for module in LIBRARY.modules.values()
    if module.contract is not None
    for chart in module.contract.every_chart
}


def _files(chart: Chart) -> dict[str, str]:
    files = stand_in(LIBRARY, chart.name, chart.version)
    assert files is not None
    return dict(files)


def _objects(chart: Chart, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """What it makes, with the values of a release in the places that ask for one."""
    text = _files(chart).get("templates/objects.yaml", "")
    filled = re.sub(r"\{\{ \.Values\.(\w+) \| toJson \}\}", lambda one: json.dumps((values or {}).get(one[1])), text)
    return [one for one in yaml.safe_load_all(filled) if one]


def _asked(objects: list[dict[str, Any]]) -> dict[str, Any]:
    """What each of them asks of the nodes that it runs on."""
    asked = {}
    for one in objects:
        affinity = one["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]
        (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        asked[one["metadata"]["name"]] = term["matchExpressions"]
    return asked


def test_a_chart_that_no_contract_names_is_not_stood_in_for() -> None:
    assert stand_in(LIBRARY, "keda", "0.0.1") is None
    assert stand_in(LIBRARY, "nothing", "1.0.0") is None


@pytest.mark.parametrize(("chart", "contract"), _CONTRACTS.values(), ids=_CONTRACTS)
def test_it_holds_what_the_contract_names(chart: Chart, contract: Contract) -> None:
    objects = {f"{one['kind']} {one['metadata']['namespace']}/{one['metadata']['name']}" for one in _objects(chart)}
    main = contract.charts[-1].name if contract.charts else ""
    promised = {str(one) for one in contract.workloads if (one.chart or main) == chart.name}
    if chart.name == main:
        promised |= {f"ServiceAccount {one.namespace}/{one.service_account}" for one in contract.permissions}
    promised -= {one for one in promised if one.endswith("/default")}  # every namespace has that by itself
    assert objects == {one.replace("{release}", "{{ .Release.Name }}") for one in promised}
    defined = {path.removeprefix("crds/").removesuffix(".yaml") for path in _files(chart) if path.startswith("crds/")}
    assert defined == ({one.name for one in contract.crds} if chart in contract.charts[:1] else set())


def test_what_serves_gpus_stands_in_on_nodes_that_have_some_alone() -> None:
    assert _asked(_objects(_CONTRACTS["nvidia-device-plugin"][0])) == {
        "nvidia-device-plugin": [{"key": "mlinfra/gpu", "operator": "Exists"}],
        "nvidia-device-plugin-mps-control-daemon": [{"key": "nvidia.com/mps.capable", "operator": "Exists"}],
    }


@pytest.mark.parametrize(
    ("chart", "address", "where"),
    [
        (
            "neuron-helm-chart",
            "components.neuron-device-plugin",
            {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["trn1.2xlarge"]},
        ),
        (
            "aws-node-termination-handler",
            "components.aws-node-termination-handler",
            {"key": "mlinfra/node-group", "operator": "In", "values": ["spare"]},
        ),
    ],
)
def test_it_runs_where_the_values_of_its_release_say(chart: str, address: str, where: dict[str, Any]) -> None:
    spare = {"instances": ["m6i.large"], "max": 2, "capacity": {"type": "mixed"}}
    groups = {"inf": {"instances": ["trn1.2xlarge"], "max": 1}, "spare": spare, "system": SYSTEM}
    values = properties(graph_of({**CLUSTER, "nodeGroups": groups}), address)["values"]
    (asked,) = _asked(_objects(_CONTRACTS[chart][0], values)).values()
    assert asked == [where]


def test_it_is_the_same_each_time() -> None:
    chart, _ = _CONTRACTS["keda"]
    assert _files(chart) == _files(chart)


@pytest.mark.parametrize(("chart", "contract"), _CONTRACTS.values(), ids=_CONTRACTS)
def test_helm_takes_it_for_a_chart(chart: Chart, contract: Contract, tmp_path: Path) -> None:
    helm = pytest.importorskip("helm_python", reason="Helm is not installed: pip install 'mlinfra[helm]'")
    for path, text in _files(chart).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    namespace = contract.namespace.name
    rendered = helm.Chart.load(str(tmp_path)).render({"any": 1}, name="x", namespace=namespace)
    kinds = [one["kind"] for one in yaml.safe_load_all("\n---\n".join(rendered.values())) if one]
    assert kinds == [one["kind"] for one in _objects(chart)]
