"""Where a rename may have been meant and `moved` does not say so, the plan says what would."""

from __future__ import annotations

import msgspec
import pytest

from mlinfra.core.address import Address
from mlinfra.core.connections import AWS
from mlinfra.core.plan import Action, Change, Plan, Step, Verb
from mlinfra.core.resource import Connection, Move, Ownership
from mlinfra.core.source import Source
from mlinfra.core.stack import Stack, Target
from mlinfra.core.state import Record, State
from mlinfra.core.value import Path
from mlinfra.session.scrutiny.idle import idle_moves
from mlinfra.session.scrutiny.renames import with_renames

_TYPES = {"": "aws:eks/nodeGroup:NodeGroup", ".role": "aws:iam/role:Role"}
_HERE = Connection(AWS, "123456789012/us-east-1")


def _said(
    gone: dict[str, set[str]], come: dict[str, set[str]], types: dict[str, str] = _TYPES, **others: Action
) -> list[tuple[str, str]]:
    """Summary and hint of each note; entries are given with the names of their properties."""
    records, steps, changes = {}, [], []
    for entry, names in gone.items():
        for local, token in types.items():
            address, given = Address(entry + local), dict.fromkeys(names, "x")
            records[address] = Record(
                address=address, type=token, id="i", generation=1, connection=_HERE, inputs=given, outputs={}
            )
            changes.append(Change(address=address, type=token, action=others.get("instead", Action.DELETE)))
    for entry, names in come.items():
        for local, token in types.items():
            address = Address(entry + local)
            given, key = dict.fromkeys(names, "x"), str(address)
            step = Step(key=key, address=address, generation=1, verb=Verb.CREATE, type=token, connection=_HERE)
            steps.append(msgspec.structs.replace(step, properties=given))
            changes.append(Change(address=address, type=token, action=Action.CREATE))
    plan = Plan(ownership=Ownership("demo", "l"), serial=0, steps=tuple(steps), changes=tuple(changes))
    state = State(stack="demo", lineage="l", serial=1, records=records)
    return [(one.summary, one.hint) for one in with_renames(plan, state).diagnostics]


@pytest.mark.parametrize(
    ("old", "new", "types"),
    [("nodeGroups.gpu", "nodeGroups.inference", _TYPES), ("resources.a", "resources.b", {"": "aws:s3/bucket:Bucket"})],
)
def test_an_entry_that_goes_where_its_like_comes_may_have_been_renamed(
    old: str, new: str, types: dict[str, str]
) -> None:
    ((summary, hint),) = _said({old: {"name"}}, {new: {"name"}}, types)
    assert summary == f"{old} goes and {new} comes, of the same shape"
    assert f"`moved: [{{from: {old}, to: {new}}}]`" in hint


@pytest.mark.parametrize(
    ("gone", "come"),
    [
        ({"nodeGroups.gpu": {"name"}}, {"nodeGroups.inference": {"name", "taints"}}),
        ({"nodeGroups.gpu": {"name"}}, {"endpoints.inference": {"name"}}),
        ({"nodeGroups.gpu": {"name"}}, {}),
        ({}, {"nodeGroups.gpu": {"name"}}),
        ({"nodeGroups.a": {"name"}}, {"nodeGroups.b": {"name"}, "nodeGroups.c": {"name"}}),
        ({"nodeGroups.a": {"name"}, "nodeGroups.b": {"name"}}, {"nodeGroups.c": {"name"}}),
    ],
)
def test_nothing_is_said_of_what_is_not_alike_or_might_be_either(
    gone: dict[str, set[str]], come: dict[str, set[str]]
) -> None:
    assert _said(gone, come) == []


def test_an_entry_of_which_something_stays_is_not_gone() -> None:
    assert _said({"nodeGroups.a": {"name"}}, {"nodeGroups.b": {"name"}}, instead=Action.NO_OP) == []


class _Nowhere:
    def at(self, path: Path) -> Source | None:
        return None


def _renamed_in_vain(*moves: tuple[str, str], going: str = "", applied: bool = True) -> list[str]:
    """The summary of each note for a stack that has a group `b`, which the plan renames from `going`."""
    address = Address("nodeGroups.b")
    record = Record(address=address, type="t", id="i", generation=1, connection=_HERE, inputs={}, outputs={})
    change = Change(address=address, type="t", action=Action.MOVE, origin=Address(going) if going else None)
    plan = Plan(ownership=Ownership("demo", "l"), serial=0, steps=(), changes=(change,))
    stack = Stack(
        name="demo",
        file="stack.yaml",
        target=Target(platform="aws"),
        moves=tuple(Move(*move) for move in moves),
        positions=_Nowhere(),
    )
    state = State(stack="demo", lineage="l", records={address: record} if applied else {})
    return [one.summary for one in idle_moves(stack, plan, state)]


def test_a_rename_from_what_is_not_there_is_noted() -> None:
    told = ["nodeGroups.nope is renamed nodeGroups.b, and nothing is called nodeGroups.nope"]
    assert _renamed_in_vain(("nodeGroups.nope", "nodeGroups.b")) == told
    assert _renamed_in_vain(("nodeGroups.b", "nodeGroups.c")) == [], "it is on record, and will go by its new name"
    assert _renamed_in_vain(("nodeGroups.a", "nodeGroups.b"), going="nodeGroups.a") == [], "the plan renames it"
    assert _renamed_in_vain(("nodeGroups.nope", "nodeGroups.c")) == [], "the name that it should get is told as idle"
    assert _renamed_in_vain(("nodeGroups.0", "nodeGroups.a"), ("nodeGroups.a", "nodeGroups.b")) == [], "a longer way"


def test_nothing_is_noted_of_renames_before_the_first_apply() -> None:
    assert _renamed_in_vain(("nodeGroups.nope", "nodeGroups.b"), applied=False) == []
