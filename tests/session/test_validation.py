"""What `validate` finds without an account: the refusals of modules, with line and hint, and no false ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlinfra.cli.main import main

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


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever would ask AWS, for credentials or for anything else, is refused at once."""
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def found(capsys: pytest.CaptureFixture[str]) -> Any:
    """Code and place of each mistake in a stack file of that text."""

    def found(text: str) -> list[tuple[str, str]]:
        Path("stack.yaml").write_text(_HEAD + text)
        capsys.readouterr()
        code = main(["validate", "stack.yaml", "-o", "json"])
        answer = json.loads(capsys.readouterr().out)
        assert code == (0 if answer["valid"] else 1)
        assert all(one["hint"] for one in answer["diagnostics"])
        return [(one["code"], one["source"]) for one in answer["diagnostics"]]

    return found


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
        # Types that this package is older than are what they are.
        _GOOD.replace("[m6i.large]", "[m99x.large, m99y.large]"),
        _GOOD.replace("cluster: {}", 'cluster: {version: "1.57"}'),
        _GOOD.replace("max: 2", "max: 2, capacity: {type: mixed, maxPrice: 0.1}"),
        # What no module can plan yet is no mistake of the stack.
        _GOOD + "runtimes: {airflow: {}}\noutputs: {web: '${runtimes.airflow.url}'}\n",
    ],
)
def test_what_only_an_account_could_tell_is_not_refused(text: str, found: Any) -> None:
    assert found(text) == []
