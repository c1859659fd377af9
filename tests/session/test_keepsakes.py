"""What a destroy leaves on purpose is told with what it costs, and nothing else is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.plan import Action, Change, Plan
from mlinfra.core.resource import Connection, Ownership
from mlinfra.core.state import Record, State
from mlinfra.session.plans.keepsakes import kept_by, with_keepsakes

DATABASE = "aws:rds/instance:Instance"
LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"
SNAPSHOT = "r.one: the last snapshot books-final-abc123 of the database is kept"


def kept(
    type: str, inputs: dict[str, Any], action: Action = Action.DELETE, price: str | None = "0.095"
) -> tuple[str, ...]:
    address = Address("r.one")
    record = Record(
        address=address,
        type=type,
        id="books",
        generation=1,
        connection=Connection("aws", ""),
        inputs=inputs,
        outputs={"resourceId": "db-ABC123"},
    )
    plan = Plan(
        ownership=Ownership("demo", "l"),
        serial=0,
        steps=(),
        changes=(Change(address=address, action=action, type=type),),
    )
    state = State(stack="demo", lineage="l", records={address: record})
    return kept_by(with_keepsakes(plan, state, lambda key: Decimal(price) if price else None))


@pytest.mark.parametrize(
    ("type", "inputs", "told"),
    [
        (
            DATABASE,
            {"allocatedStorage": 20},
            (f"{SNAPSHOT} (1.90 USD a month at most, 20 GB at 0.095, as long as it is there)",),
        ),
        (DATABASE, {"skipFinalSnapshot": True}, ()),
        (LUSTRE, {"deploymentType": "SCRATCH_2"}, ()),
        (LUSTRE, {"deploymentType": "PERSISTENT_2"}, ()),
        (
            LUSTRE,
            {"deploymentType": "PERSISTENT_2", "automaticBackupRetentionDays": 7},
            ("r.one: a last backup of the file system is kept (it is paid for by its size)",),
        ),
        ("aws:kms/key:Key", {}, ("can be brought back for a while, at no cost: 1 key (30 days)",)),
        ("aws:secretsmanager/secret:Secret", {"recoveryWindowInDays": 0}, ()),
        ("aws:s3/bucket:Bucket", {}, ()),
    ],
)
def test_what_a_deletion_leaves_is_told_with_its_cost(type: str, inputs: dict[str, Any], told: tuple[str, ...]) -> None:
    assert kept(type, inputs) == told


def test_what_stays_leaves_nothing_and_a_price_that_nobody_has_read_is_not_made_up() -> None:
    assert kept(DATABASE, {"allocatedStorage": 20}, Action.NO_OP) == ()
    assert kept(DATABASE, {"allocatedStorage": 20}, price=None) == (f"{SNAPSHOT} (it is paid for by its size)",)
