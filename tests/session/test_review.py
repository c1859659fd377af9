"""What a session keeps of a plan when it is asked for less than all of it."""

from __future__ import annotations

from mlinfra.core.plan import Action, Cause, Field
from mlinfra.session.review import drift_of
from tests.cli import plans


def test_drift_is_what_others_did_and_not_what_the_stack_wants_next() -> None:
    drifted = Field(path=("version",), before="1.32", after="1.33", cause=Cause.DRIFT)
    wanted = Field(path=("roleArn",), before="a", after="b", forces=True)
    plan = plans.plan(
        plans.change(plans.GPU, Action.UPDATE, drifted, wanted),
        plans.change(plans.CLUSTER, Action.REPLACE, wanted, id="ml"),
        plans.change(plans.ROLE, Action.CREATE, id="gone-role"),
        plans.change(plans.OLD, Action.CREATE, id="in-the-cluster", loses=True),
    )
    found = {change.address: (change.action, change.fields) for change in drift_of(plan).pending()}
    assert found == {plans.GPU: (Action.UPDATE, (drifted,)), plans.ROLE: (Action.CREATE, ())}
    assert not any(change.loses for change in drift_of(plan).changes)
