"""Where a rename may have been meant and `moved` does not say so, the plan says what would."""

from __future__ import annotations

import msgspec
import pytest

from mlinfra.core.address import Address
from mlinfra.core.connections import AWS
from mlinfra.core.plan import Action, Change, Plan, Step, Verb
from mlinfra.core.resource import Connection, Ownership
from mlinfra.core.state import Record, State
from mlinfra.session.renames import with_renames

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
