"""Terraform's AWS provider reads of what a stack made exactly what the stack said."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlinfra.providers.aws.catalogue import catalogue

from .account import Account
from .foreign import STACKS, prepare
from .terraform import Reader, unknown_to
from .test_reference_stacks import FILES, copied, provide
from .things import things

# What Terraform would not take, whatever it reads.
LEFT_OUT = {
    "resources.to-egress-only": "it has egress-only gateways for IPv6 alone",
    "resources.disks": "it wants a key's ARN where EC2 takes an alias",
    "resources.issued": "it cannot import what waits for a certificate",
    "resources.rule-of-tokens": "it judges no tokens before 6 (AFTER)",
}
# What a later provider takes, and 5.100 does not: load balancers judge tokens since November 2025, and so Terraform
# (github.com/hashicorp/terraform-provider-aws, pull request 45089, merged that month; read 2026-11-25).
AFTER = {
    "aws:lb/listener:Listener defaultActions.jwtValidation",
    "aws:lb/listenerRule:ListenerRule actions.jwtValidation",
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
    **{
        (f"resources.{name}", "manage_master_user_password"): "it reads whose secret it is, not that it was asked for"
        for name in ("database", "database-kept", "database-watched")
    },
}


def test_terraform_knows_every_property_of_every_type(tmp_path: Path) -> None:
    assert [one for one in unknown_to(tmp_path, catalogue().values()) if one not in AFTER] == []


@pytest.mark.parametrize("name", sorted(file.stem for file in STACKS.glob("*.yaml")))
def test_terraform_reads_what_a_stack_says(account: Account, name: str) -> None:
    reader = Reader(account)
    stack = prepare(account, name)
    account.do("apply", stack, "--yes")
    taken = [thing for thing in things(account).values() if thing.address not in LEFT_OUT]
    found = [one for one in reader.differences(taken) if (one.address, one.property) not in UNREAD]
    assert not found, "\n".join(map(str, found))


@pytest.mark.long  # every type is read in the test before; this one reads what modules make of the types
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_terraform_reads_what_a_stack_of_ours_says(account: Account, file: Path) -> None:
    provide(account, copied(file))
    reader = Reader(account)
    account.do("apply", "stack.yaml", "--yes")
    taken = [thing for thing in things(account).values() if thing.type in catalogue()]
    assert len(taken) > 20
    assert reader.differences(taken) == []


def test_terraform_tells_what_was_edited(account: Account) -> None:
    reader = Reader(account)
    Path("stack.yaml").write_text(LOGS)
    account.do("apply", "stack.yaml", "--yes")
    logs = things(account)["resources.logs"]
    account.client("logs").put_retention_policy(logGroupName=logs.id, retentionInDays=90)
    (found,) = reader.differences([logs])
    assert (found.address, found.property, found.said, found.read) == ("resources.logs", "retention_in_days", 30, 90)
