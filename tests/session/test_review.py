"""What a session keeps of a plan when it is asked for less than all of it."""

from __future__ import annotations

import pytest

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import LockHeld, StalePlan
from mlinfra.core.plan import Action, Cause, Change, Field, Plan, Seal, Step, Verb
from mlinfra.core.resource import Connection, Ownership
from mlinfra.core.state import State
from mlinfra.core.value import Path, Value
from mlinfra.session.scrutiny.one_way import ways_back
from mlinfra.session.scrutiny.review import drift_of, require_new, require_not_ended
from mlinfra.session.scrutiny.telling import pertinent
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


@pytest.mark.parametrize(
    ("name", "stack", "there"), [("allocatedStorage", 100, 200), ("engineVersion", "16.4", "16.6")]
)
def test_what_somebody_let_grow_is_drift_that_has_no_way_back(name: str, stack: Value, there: Value) -> None:
    grown = Field(path=(name,), before=there, after=stack, cause=Cause.DRIFT)
    database = Change(address=plans.OLD, type="aws:rds/instance:Instance", action=Action.UPDATE, fields=(grown,))
    plan = plans.plan(database)
    refused = tuple(ways_back(plan))
    drift = drift_of(plans.plan(*plan.changes, diagnostics=refused))
    assert [change.fields for change in drift.pending()] == [(grown,)]
    assert [(one.severity, one.code) for one in refused] == [(Severity.ERROR, "MLI3161")]
    assert [(one.severity, one.code) for one in drift.diagnostics] == [(Severity.WARNING, "MLI3161")]


@pytest.mark.parametrize(
    ("path", "before", "after", "refused"),
    [
        (("spec", "resources", "requests", "storage"), "10Gi", "5Gi", True),
        (("spec", "resources", "requests", "storage"), "1Ti", "500Gi", True),
        (("spec", "resources", "requests", "storage"), "900Gi", "1Ti", False),
        (("spec", "resources"), {"requests": {"storage": "10Gi"}}, {"requests": {"storage": "1Gi"}}, True),
        (("spec", "resources"), {"requests": {"storage": "10Gi"}}, {"requests": {}}, False),
        (("metadata", "labels"), {"a": "2Gi"}, {"a": "1Gi"}, False),
    ],
)
def test_a_claim_cannot_be_made_smaller(path: Path, before: Value, after: Value, refused: bool) -> None:
    claim = "kubernetes:core/v1:PersistentVolumeClaim"
    field = Field(path=path, before=before, after=after)
    change = Change(address=plans.OLD, type=claim, action=Action.UPDATE, fields=(field,))
    assert [one.code for one in ways_back(plans.plan(change))] == (["MLI3161"] if refused else [])


def test_what_could_not_be_read_stays_an_error_of_a_drift() -> None:
    denied = Diagnostic(code="MLI5001", summary="denied")
    assert drift_of(plans.plan(diagnostics=(denied,))).diagnostics == (denied,)


def test_a_note_on_what_stays_as_it_is_was_read_when_that_was_made() -> None:
    about = Address("nodeGroups")
    note = Diagnostic(severity=Severity.NOTE, code="MLI2018", summary="it comes along", address=about)
    grave = Diagnostic(severity=Severity.WARNING, code="MLI2001", summary="it is ill", address=about)
    general = Diagnostic(severity=Severity.NOTE, code="MLI2002", summary="by the way")
    still, moving = (plans.plan(plans.change(plans.GPU, action)) for action in (Action.NO_OP, Action.UPDATE))
    assert pertinent((note, grave, general), still) == (grave, general)
    assert pertinent((note, grave, general), moving) == (note, grave, general)


def test_a_plan_that_another_run_carried_out_meanwhile_was_made_while_that_held_the_lock() -> None:
    ownership = Ownership("demo", "0123")
    here = Connection("aws", "1/here")
    step = Step(key="a", verb=Verb.CREATE, address=plans.GPU, generation=1, type="t", connection=here)
    plan = Plan(ownership=ownership, serial=1, steps=(step,), changes=(), seal=Seal("digest", ()))
    state = State(stack="demo", lineage="0123", completed=("digest",))
    with pytest.raises(LockHeld, match="another run has done the same meanwhile") as caught:
        require_new(plan, state, fresh=True)
    assert caught.value.exit_code == 4
    require_new(plan, state, fresh=False)  # of a file that is applied again something else is said


@pytest.mark.parametrize(
    ("serial", "ended", "destroy", "said"),
    [
        (0, False, False, None),
        (0, True, False, "destroyed since the plan was made"),
        (7, True, False, "destroyed since the plan was made"),
        (7, False, False, "not there any more"),
        (7, True, True, "destroyed already"),
    ],
)
def test_a_plan_of_a_life_that_ended_is_refused(serial: int, ended: bool, destroy: bool, said: str | None) -> None:
    plan = Plan(ownership=Ownership("demo", "0123"), serial=serial, steps=(), changes=(), destroy=destroy)
    if said is None:
        require_not_ended(plan, ended=ended)
        return
    with pytest.raises(StalePlan, match=said) as caught:
        require_not_ended(plan, ended=ended)
    assert (caught.value.code, caught.value.exit_code) == ("MLI3200", 5)
