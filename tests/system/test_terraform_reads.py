"""Terraform's AWS provider reads of what a stack made exactly what the stack said."""

from __future__ import annotations

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
# What it reads only sometimes.
UNREAD = {
    ("resources.machine", "credit_specification"): "it reads the credits of burstable types alone",
}


@pytest.mark.parametrize("name", sorted(file.stem for file in STACKS.glob("*.yaml")))
def test_terraform_reads_what_a_stack_says(account: Account, name: str) -> None:
    reader = Reader(account)
    stack = prepare(account, name)
    account.do("apply", stack, "--yes")
    taken = [thing for thing in things(account).values() if thing.address not in LEFT_OUT]
    found = {(found.address, found.property): found for found in reader.differences(taken)}
    assert {key: difference for key, difference in found.items() if key not in UNREAD} == {}
