"""The reference stacks and the examples, whole: validated, planned, applied, planned again, destroyed.

The plans of the reference stacks are known by heart: run with GOLDEN=write to write them anew, and read the difference.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from mlinfra.library.addon import RELEASE

from .account import Account
from .conftest import ROOT
from .former_charts import forget_former_charts, lay_former_charts

# Those for a cluster that exists run on one: tests/session/test_own_cluster.py.
FILES = sorted(
    file
    for folder in ("examples", "stacks")
    for file in (ROOT / folder).glob("*/stack.yaml")
    if "platform: kubernetes" not in file.read_text()
)
GOLDEN = Path(__file__).with_name("golden")


def copied(file: Path) -> str:
    """Lay the stack and what is beside it into the working folder, aimed at an account; answers its text."""
    shutil.copytree(file.parent, Path(), dirs_exist_ok=True)  # with the charts that lie beside it
    text = file.read_text().replace("platform: sandbox", "platform: aws")
    Path("stack.yaml").write_text(text)
    return text


def provide(account: Account, text: str) -> None:
    """Make what such a stack takes for granted: the bucket of its state, the roles of its people."""
    for bucket in re.findall(r"^state: s3://([^/]+)/", text, re.MULTILINE):
        account.client("s3").create_bucket(Bucket=bucket)
    for role in re.findall(r"arn:aws:iam::\d+:role/([\w-]+)", text):
        trust = {"Effect": "Allow", "Principal": {"AWS": account.sandbox.account}, "Action": "sts:AssumeRole"}
        document = {"Version": "2012-10-17", "Statement": [trust]}
        account.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(document))
    account.note()


def _normal(plan: dict[str, Any]) -> str:
    """What a plan makes of what: without its seal, the lines of the stack file, and what prices and quotas say."""
    changes = [{name: value for name, value in change.items() if name != "source"} for change in plan["changes"]]
    return json.dumps({"stack": plan["stack"], "summary": plan["summary"], "changes": changes}, indent=1) + "\n"


def _upgrade(account: Account, planned: dict[str, Any]) -> None:
    """Hold what is there with the charts that came before to what ours make of it: each release is upgraded in place,
    and nothing else changes."""
    forget_former_charts(Path("modules"))
    changed = {
        one["address"]: (one["action"], {field["path"] for field in one["fields"]})
        for one in account.do("plan", "stack.yaml", "-o", "json").json()["changes"]
        if one["action"] != "no-op"
    }
    releases = {one["address"] for one in planned["changes"] if one["type"] == RELEASE}
    assert {address: action for address, (action, _) in changed.items()} == dict.fromkeys(releases, "update")
    assert all(fields <= {"version", "manifest", "chart"} for _, fields in changed.values())


def _lift(account: Account, text: str) -> None:
    """Take the protection away, after it has held; in production databases are protected as well."""
    refused = account.run("destroy", "stack.yaml", "--yes")
    assert refused.code == 1
    databases = re.findall(r"^  (flyte|mlflow):", text, re.MULTILINE)
    for name in ("registries.models", *(f"runtimes.{name}.database" for name in databases)):
        assert name in refused.out + refused.err
    lifted = re.sub(r"protect: \[.*\]", "protect: []", text).replace("t: production", "t: development")
    Path("stack.yaml").write_text(lifted)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_a_stack_of_ours_is_planned_applied_and_destroyed(account: Account, file: Path) -> None:
    text = copied(file)
    provide(account, text)
    account.do("validate", "stack.yaml")
    planned = account.do("plan", "stack.yaml", "-o", "json").json()
    assert planned["summary"]["create"] == len(planned["changes"]) > 20
    golden = GOLDEN / f"{file.parent.name}.json"
    if file.is_relative_to(ROOT / "stacks"):
        if os.environ.get("GOLDEN") == "write":
            golden.write_text(_normal(planned))
        assert golden.read_text() == _normal(planned), f"it is not what {golden.name} says any more"

    production = file.parent.name == "production"
    if production:
        lay_former_charts(Path("modules"))
    account.do("apply", "stack.yaml", "--yes")
    if production:
        _upgrade(account, planned)
    if "protect:" in text:
        _lift(account, text)
        account.do("apply", "stack.yaml", "--yes")
    account.do("plan", "stack.yaml", "--detailed-exitcode")
    account.do("drift", "stack.yaml")
    account.do("destroy", "stack.yaml", "--yes")
    # What contracts say that they keep: of databases, a last snapshot each.
    databases = sum(one["type"] == "aws:rds/instance:Instance" for one in planned["changes"])
    assert [kind for kind, _ in account.left()] == ["rds:snapshot"] * databases
