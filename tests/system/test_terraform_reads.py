"""Terraform's AWS provider reads of what a stack made exactly what the stack said."""

from __future__ import annotations

from pathlib import Path

import pytest

from .account import Account
from .foreign import STACKS, prepare
from .terraform import Reader
from .things import things

# What Terraform would not take, whatever it reads.
LEFT_OUT = {
    "resources.to-egress-only": "it has egress-only gateways for IPv6 alone",
    "resources.disks": "it wants a key's ARN where EC2 takes an alias",
}
LOGS = """
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: logs}
target: {platform: aws, region: us-east-1}
resources:
  logs: {type: "aws:cloudwatch/logGroup:LogGroup", properties: {retentionInDays: 30}}
"""
# What it reads only sometimes.
UNREAD = {
    ("resources.machine", "credit_specification"): "it reads the credits of burstable types alone",
    ("resources.parameter", "insecure_value"): "it takes the value of what it imports for a secret",
}


@pytest.mark.parametrize("name", sorted(file.stem for file in STACKS.glob("*.yaml")))
def test_terraform_reads_what_a_stack_says(account: Account, name: str) -> None:
    reader = Reader(account)
    stack = prepare(account, name)
    account.do("apply", stack, "--yes")
    taken = [thing for thing in things(account).values() if thing.address not in LEFT_OUT]
    found = [one for one in reader.differences(taken) if (one.address, one.property) not in UNREAD]
    assert not found, "\n".join(map(str, found))


def test_terraform_tells_what_was_edited(account: Account) -> None:
    reader = Reader(account)
    Path("stack.yaml").write_text(LOGS)
    account.do("apply", "stack.yaml", "--yes")
    logs = things(account)["resources.logs"]
    account.client("logs").put_retention_policy(logGroupName=logs.id, retentionInDays=90)
    (found,) = reader.differences([logs])
    assert (found.address, found.property, found.said, found.read) == ("resources.logs", "retention_in_days", 30, 90)
