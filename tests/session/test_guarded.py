"""Before a protected database is replaced it is said that AWS will keep the old one."""

from __future__ import annotations

import pytest

from mlinfra.core.address import Address
from mlinfra.core.connections import AWS
from mlinfra.core.plan import Action, Change, Plan
from mlinfra.core.resource import Connection, Ownership
from mlinfra.core.state import Record, State
from mlinfra.session.scrutiny.guarded import guarded

_AT, _DATABASE = Address("resources.db"), "aws:rds/instance:Instance"


@pytest.mark.parametrize(
    ("action", "protected", "warned"),
    [
        (Action.REPLACE, True, True),
        (Action.REPLACE, False, False),
        (Action.UPDATE, True, False),
    ],
)
def test_a_replacement_of_what_aws_protects_is_warned_of(action: Action, protected: bool, warned: bool) -> None:
    record = Record(
        address=_AT,
        type=_DATABASE,
        id="db",
        generation=1,
        connection=Connection(AWS, "1/us-east-1"),
        inputs={"deletionProtection": protected},
        outputs={},
    )
    change = Change(address=_AT, type=_DATABASE, action=action)
    plan = Plan(ownership=Ownership("demo", "l"), serial=1, steps=(), changes=(change,))
    found = [one.summary for one in guarded(plan, State(stack="demo", lineage="l", records={_AT: record}))]
    said = "resources.db: AWS refuses to delete the old one until its deletionProtection is lifted"
    assert found == ([said] if warned else [])
