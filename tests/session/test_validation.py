"""What `validate` finds without an account: the refusals of modules, with line and hint, and no false ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlinfra.cli.main import main
from tests.library.samples import ROOT
from tests.modules.charts import FOLDER

_HEAD = """\
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: demo}
target: {platform: aws, region: us-west-1}
"""
_GOOD = """\
network: {zones: 2, nat: single}
cluster: {}
nodeGroups:
  system: {instances: [m6i.large], max: 2}
"""
# The second is that of the language's own description, where it lies beside the checkout.
_EXAMPLES = [
    path
    for path in (ROOT / "tests" / "config" / "whole-language.yaml", FOLDER.parent / "stack-example.yaml")
    if path.is_file()
]

pytestmark = pytest.mark.usefixtures("nowhere")


@pytest.fixture
def found(capsys: pytest.CaptureFixture[str]) -> Any:
    """Code and place of each mistake in a stack file of that text."""

    def found(text: str) -> list[tuple[str, str]]:
        Path("stack.yaml").write_text(_HEAD + text)
        capsys.readouterr()
        code = main(["validate", "stack.yaml", "-o", "json"])
        answer = json.loads(capsys.readouterr().out)
        assert code == (0 if answer["valid"] else 1)
        assert all(one["hint"] for one in answer["diagnostics"] if one["code"] >= "MLI2")
        return [(one["code"], one["source"]) for one in answer["diagnostics"]]

    return found


@pytest.mark.parametrize("example", _EXAMPLES, ids=lambda path: path.stem)
def test_the_example_of_the_whole_language_is_valid_as_it_stands(example: Path, nowhere: Path, capsys: Any) -> None:
    Path("base.yaml").write_text("network: {cidr: 10.0.0.0/8}\n")
    Path(".git").touch()
    Path("prod").mkdir()
    Path("prod/stack.yaml").write_text(example.read_text())
    assert main(["validate", "prod/stack.yaml"]) == 0, capsys.readouterr().err


def test_a_good_stack_is_valid_without_an_account(found: Any) -> None:
    assert found(_GOOD) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (_GOOD.replace("max: 2", "min: 3, max: 2"), [("MLI2303", "stack.yaml:8:44")]),
        (_GOOD.replace("zones: 2", "cidr: 10.0.0.0/28"), [("MLI2101", "stack.yaml:5:11")]),
        (_GOOD.replace("cluster: {}", "cluster: {endpoint: {private: false}}"), [("MLI2202", "stack.yaml:6:22")]),
        (_GOOD.replace("[m6i.large]", "[m6i.large, g5.xlarge]"), [("MLI2302", "stack.yaml:8:35")]),
        ("nodeGroups: {system: {instances: [m6i.large], max: 2}}\n", [("MLI2007", "stack.yaml:5:14")]),
        ("registries: {models: {prefix: x}}\n", [("MLI2401", "stack.yaml:5:23")]),
    ],
)
def test_what_modules_refuse_is_found_with_its_line(text: str, expected: list[tuple[str, str]], found: Any) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        # us-west-1 shows an account two of its zones, and nobody but the account knows which.
        _GOOD.replace("max: 2", "max: 2, zones: [us-west-1c]"),
        _GOOD.replace("zones: 2", "zones: [us-west-1b, us-west-1c]"),
        _GOOD.replace("cluster: {}", 'cluster: {version: "1.57"}'),
        _GOOD.replace("max: 2", "max: 2, capacity: {type: mixed, maxPrice: 0.1}"),
        # What no module can plan yet is no mistake of the stack.
        _GOOD + "runtimes: {airflow: {}}\noutputs: {web: '${runtimes.airflow.url}'}\n",
    ],
)
def test_what_only_an_account_could_tell_is_not_refused(text: str, found: Any) -> None:
    assert found(text) == []


def test_types_that_the_package_is_older_than_are_said_to_be_unchecked(found: Any) -> None:
    told = found(_GOOD.replace("[m6i.large]", "[m99x.large, m6g.large]"))
    assert told == [("MLI3124", "stack.yaml:8:24")]


_RUINED = """\
network: {cidr: 10.0.0.0/28}
cluster: {endpoint: {private: false}}
nodeGroups:
  system: {instances: [m6i.large, m6g.large], min: 5, max: 3}
  other: {instances: [m6i.large], max: 2, zones: [us-west-1a]}
"""


def test_mistakes_of_all_modules_come_at_once_and_no_echoes_of_them(found: Any) -> None:
    assert found(_RUINED) == [
        ("MLI2101", "stack.yaml:5:11"),
        ("MLI2202", "stack.yaml:6:22"),
        ("MLI2302", "stack.yaml:8:35"),
        ("MLI2303", "stack.yaml:8:55"),
    ]


@pytest.mark.parametrize(
    ("written", "wrong", "code"),
    [
        ("cidr: 10.0.0.0/28", "zoones: 2", "MLI1030"),
        ("network: {cidr: 10.0.0.0/28}", "netwerk: {}", "MLI1150"),
        ("zones: [us-west-1a]}", "zones: 1.5, mex: 2}", "MLI1030"),
    ],
)
def test_what_a_schema_refuses_in_one_part_hides_no_mistake_of_another(
    written: str, wrong: str, code: str, found: Any
) -> None:
    codes = [one for one, _ in found(_RUINED.replace(written, wrong))]
    assert code in codes
    assert {"MLI2202", "MLI2302", "MLI2303"} <= set(codes)
    assert not {"MLI2007"} & set(codes), "what a wrong part would have made is not missed"


def test_what_refers_to_a_part_that_cannot_be_read_is_no_mistake(found: Any) -> None:
    text = _GOOD.replace("zones: 2", "zoones: 2") + (
        "resources:\n  x: {type: 'aws:sns/topic:Topic', dependsOn: [network.vpc, nodeGroups.system]}\n"
        "outputs: {vpc: '${network.vpcId}', name: '${cluster.name}'}\n"
    )
    assert found(text) == [("MLI1030", "stack.yaml:5:11")]


def test_names_that_mean_nothing_are_said_before_anything_is_planned(found: Any) -> None:
    text = "lifecycle: {protect: [cluster.nope, cluster]}\nmoved: [{from: nodeGroups.a, to: nodeGroups.b}]\n" + _GOOD
    assert found(text) == [("MLI3081", "stack.yaml:5:23"), ("MLI3081", "stack.yaml:6:9")]


@pytest.mark.parametrize(("days", "fine"), [(6, False), (7, True), (0, True), (1096, True)])
def test_logs_are_kept_for_as_many_days_as_the_service_knows(days: int, fine: bool, capsys: Any, found: Any) -> None:
    group = f"{{type: 'aws:cloudwatch/logGroup:LogGroup', properties: {{name: x, retentionInDays: {days}}}}}"
    Path("stack.yaml").write_text(_HEAD + f"resources: {{logs: {group}}}\n")
    assert main(["validate", "stack.yaml"]) == (0 if fine else 1)
    assert fine or "retentionInDays is 6" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "fine"), [(10, True), (30, True), (180, True), (45, False), (90, False), (0, False)]
)
def test_an_alarm_looks_as_often_as_the_service_knows(seconds: int, fine: bool, capsys: Any) -> None:
    about = f"{{name: x, comparisonOperator: GreaterThanThreshold, evaluationPeriods: 1, period: {seconds}}}"
    alarm = f"{{type: 'aws:cloudwatch/metricAlarm:MetricAlarm', properties: {about}}}"
    Path("stack.yaml").write_text(_HEAD + f"resources: {{alarm: {alarm}}}\n")
    said = (main(["validate", "stack.yaml"]), capsys.readouterr().err)
    assert (said[0] == 0, "period is" in said[1]) == (fine, not fine), said


@pytest.mark.parametrize("range_", ["300.1.1.1/32", "10.0.0.0/33", "10.0.0.256/32"])
def test_a_range_of_addresses_that_cannot_be_is_refused(range_: str, found: Any) -> None:
    endpoint = f"cluster: {{endpoint: {{public: true, allowedCidrs: [{range_}]}}}}"
    assert [code for code, _ in found(_GOOD.replace("cluster: {}", endpoint))] == ["MLI1035"]


def test_no_message_repeats_what_holds_a_secret(capsys: Any) -> None:
    database = "{type: 'aws:rds/instance:Instance', properties: {instanceClass: db.t4g.micro, password: hunter2}}"
    Path("stack.yaml").write_text(_HEAD + f"resources: {{db: {database}}}\n")
    assert main(["validate", "stack.yaml"]) == 1
    said = capsys.readouterr().err
    assert "resources.db.properties.password is text that is not shown" in said
    assert "a reference to a secret, such as ${secret.sm:NAME#KEY}" in said
    assert "hunter2" not in said


def test_the_form_of_a_text_is_said_by_example(capsys: Any) -> None:
    Path("stack.yaml").write_text(_HEAD + _GOOD.replace("m6i.large", "M6I_large"))
    assert main(["validate", "stack.yaml"]) == 1
    assert "but must be of a form such as m6i.large" in capsys.readouterr().err
