"""The commands on the session that users get, and on the sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlinfra.cli.main import main

STACK = """\
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: small}
target: {platform: sandbox, region: us-east-1}
lifecycle: {environment: development}
inputs:
  team: {type: string, default: recsys, description: whose it is}
resources:
  net:
    type: aws:ec2/vpc:Vpc
    properties: {cidrBlock: 10.9.0.0/16, tags: {team: "${inputs.team}"}}
  sub:
    type: aws:ec2/subnet:Subnet
    properties: {vpcId: "${resources.net.id}", cidrBlock: 10.9.1.0/24}
outputs:
  vpc: ${resources.net.id}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(STACK)
    yield tmp_path
    main(["sandbox", "down"])


@pytest.mark.parametrize(
    ("platform", "path", "value"),
    [
        ("sandbox", "network.nat", "single"),
        ("aws", "network.nat", "single"),
        ("kubernetes", "lifecycle.environment", "development"),
    ],
)
def test_a_starter_is_a_valid_stack(
    platform: str,
    path: str,
    value: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--platform", platform, "--name", "starter"]) == 0
    capsys.readouterr()
    assert main(["validate", "stack.yaml"]) == 0
    assert capsys.readouterr() == ("stack.yaml: valid\n", "")
    assert main(["show", "stack.yaml", "--expanded", "-o", "json"]) == 0
    assert {"path": path, "value": value}.items() <= leaf(capsys, path).items()


def test_a_bucket_that_was_made_on_request_keeps_states(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["init", "other.yaml", "--name", "other", "--bucket", "acme-states"]
    assert main(asked) == 0
    assert main(asked) == 0
    assert main(["validate", "other.yaml"]) == 0
    (folder / "small.yaml").write_text(STACK + "state: s3://acme-states/small\n")
    assert main(["apply", "small.yaml", "--yes"]) == 0
    assert not (folder / ".mlinfra/state").exists()
    assert main(["destroy", "small.yaml", "--yes"]) == 0
    assert capsys.readouterr().err == ""


def test_a_mistake_is_shown_with_its_line_and_column(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "small.yaml").write_text(STACK.replace("region:", "regoin:"))
    assert main(["validate", "small.yaml"]) == 1
    err = capsys.readouterr().err
    assert "small.yaml:4:" in err
    assert "MLI" in err
    assert "Traceback" not in err


def test_a_stack_comes_changes_drifts_and_goes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "small.yaml", "--detailed-exitcode", "--out", "first.mlinfra"]) == 2
    assert "Plan: 2 to create." in capsys.readouterr().out
    assert main(["apply", "first.mlinfra", "--yes"]) == 0
    assert "vpc  = vpc-" in capsys.readouterr().out
    assert main(["plan", "small.yaml", "--detailed-exitcode"]) == 0
    assert "nothing to do, 2 objects" in capsys.readouterr().out
    assert main(["drift", "small.yaml"]) == 0
    capsys.readouterr()
    assert main(["plan", "small.yaml", "--set", "team=other", "-o", "json"]) == 0
    (change,) = json.loads(capsys.readouterr().out)["changes"]
    assert change["fields"] == [
        {"path": "tags.team", "before": "recsys", "after": "other", "cause": "change", "forces": False}
    ]
    assert main(["state", "list", "small.yaml"]) == 0
    assert "resources.sub  aws:ec2/subnet:Subnet  subnet-" in capsys.readouterr().out
    assert main(["cost", "small.yaml"]) == 0
    assert "0.00 USD a month expected, as before" in capsys.readouterr().out
    assert main(["cost", "small.yaml", "--refresh"]) == 1
    assert "the simulated cloud has no price list" in capsys.readouterr().err
    assert main(["capacity", "small.yaml"]) == 0
    assert "nothing that needs room" in capsys.readouterr().out
    assert main(["destroy", "small.yaml", "--yes"]) == 0
    assert "the inventory is empty" in capsys.readouterr().out


def test_an_unknown_module_and_the_schema_are_answered_from_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["modules", "show", "node-grup"]) == 1
    assert "did you mean node-group or nodeGroups?" in capsys.readouterr().err
    assert main(["modules", "show", "nodeGroup"]) == 1
    assert "nodeGroups" in capsys.readouterr().err
    assert main(["modules", "show", "components"]) == 1
    assert "show one of aws-ebs-csi-driver, " in capsys.readouterr().err
    for section, module in (("nodeGroups", "node-group"), ("loadBalancers", "load-balancer")):
        assert main(["modules", "show", section]) == 0
        by_section = capsys.readouterr().out
        assert main(["modules", "show", module]) == 0
        assert by_section == capsys.readouterr().out
    assert main(["schema"]) == 0
    assert "nodeGroups" in json.loads(capsys.readouterr().out)["$defs"]["whole"]["properties"]


def leaf(capsys: pytest.CaptureFixture[str], path: str) -> dict[str, object]:
    found: dict[str, object] = next(leaf for leaf in json.loads(capsys.readouterr().out) if leaf["path"] == path)
    return found
