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

from .account import Account
from .conftest import ROOT

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

    account.do("apply", "stack.yaml", "--yes")
    account.do("plan", "stack.yaml", "--detailed-exitcode")
    account.do("drift", "stack.yaml")

    if "protect:" in text:
        refused = account.run("destroy", "stack.yaml", "--yes")
        assert refused.code == 1
        assert "registries.models" in refused.out + refused.err
        # In production its databases are protected as well.
        lifted = re.sub(r"protect: \[.*\]", "protect: []", text).replace("t: production", "t: development")
        Path("stack.yaml").write_text(lifted)
        account.do("apply", "stack.yaml", "--yes")
    account.do("destroy", "stack.yaml", "--yes")
    # What contracts say that they keep: of databases, a last snapshot each.
    databases = sum(one["type"] == "aws:rds/instance:Instance" for one in planned["changes"])
    assert [kind for kind, _ in account.left()] == ["rds:snapshot"] * databases
